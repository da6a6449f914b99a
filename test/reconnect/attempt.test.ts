import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Attempt, type AttemptOptions } from '../../src/reconnect/attempt.ts'
import { FakeSocket } from './fake-socket.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An attempt that has begun, its socket, and what it told. */
function begin(options: Partial<AttemptOptions> = {}) {
  const told: unknown[] = []
  const sockets: FakeSocket[] = []
  const attempt = new Attempt({
    url: 'wss://example.test/',
    protocols: ['chat'],
    binaryType: 'arraybuffer',
    timeout: 1000,
    connect: (url, protocols) => {
      const socket = new FakeSocket(url, protocols)
      sockets.push(socket)
      return socket
    },
    opened: () => told.push('opened'),
    ready: () => told.push('ready'),
    message: (data) => told.push(data),
    ended: (loss) => told.push(loss),
    impossible: (loss) => told.push(loss),
    ...options,
  })
  attempt.begin()
  return { attempt, told, sockets, socket: sockets[0]! }
}

describe('one attempt', () => {
  it('becomes a connection, tells its messages, and ends with its code', () => {
    const { attempt, told, socket } = begin()
    expect(attempt.isReady).toBe(false)
    socket.open()
    expect(attempt.isReady).toBe(true)
    socket.say('hi')
    socket.end(4000, 'enough')
    expect(told).toEqual(['opened', 'ready', 'hi', { code: 4000, reason: 'enough' }])
    expect([attempt.isReady, vi.getTimerCount()]).toEqual([false, 0])
  })

  it('is heard no more once it was let go, whatever its socket still does', () => {
    const { attempt, told, socket } = begin()
    const { onopen, onmessage, onclose } = socket
    attempt.letGo()
    onopen?.({} as never)
    onmessage?.({ data: 'from the grave' } as never)
    onclose?.({ code: 1006, reason: '' } as never)
    expect(told).toEqual([])
    expect([socket.closedWith, vi.getTimerCount()]).toEqual([{ code: undefined, reason: undefined }, 0])
  })

  it('opens no socket for a URL that comes after it was let go, or too late', async () => {
    const late = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 2000, 'wss://example.test/'))
    const { attempt, told, sockets } = begin({ url: late })
    await vi.advanceTimersByTimeAsync(1000)
    expect(told).toMatchObject([{ code: 1006, error: new Error('connecting took too long') }])
    const other = begin({ url: late })
    other.attempt.letGo()
    await vi.advanceTimersByTimeAsync(2000)
    expect([sockets.length, other.sockets.length, other.told, attempt.isReady]).toEqual([0, 0, [], false])
  })

  it('is not ready while its socket closes', () => {
    const { attempt, socket } = begin()
    socket.open()
    socket.readyState = 2
    expect(attempt.isReady).toBe(false)
  })

  it('is impossible, not failed, with a URL that the platform refuses', () => {
    const error = new SyntaxError('no URL')
    const { told } = begin({
      connect: () => {
        throw error
      },
    })
    expect(told).toEqual([{ code: 1006, reason: 'SyntaxError: no URL', error }])
    expect(vi.getTimerCount()).toBe(0)
  })
})
