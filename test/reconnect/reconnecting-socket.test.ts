import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { UrlSource } from '../../src/reconnect/attempt.ts'
import type { Loss } from '../../src/reconnect/close-policy.ts'
import type { ReconnectOptions } from '../../src/reconnect/options.ts'
import { ReconnectingSocket } from '../../src/reconnect/reconnecting-socket.ts'
import { FakeSocket } from './fake-socket.ts'

const URL = 'wss://example.test/'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A connection whose chance is always one half, and everything it did. */
function start(options: ReconnectOptions = {}, url: UrlSource = URL) {
  const sockets: FakeSocket[] = []
  const states: string[] = []
  const losses: Loss[] = []
  const messages: unknown[] = []
  const connect = (at: string, protocols: readonly string[]): FakeSocket => {
    const socket = new FakeSocket(at, protocols)
    sockets.push(socket)
    return socket
  }
  const connection = new ReconnectingSocket(url, connect, {
    random: () => 0.5,
    state: ({ name }) => states.push(name),
    lost: (loss) => losses.push(loss),
    message: (data) => messages.push(data),
    ...options,
  })
  return { connection, sockets, states, losses, messages, last: () => sockets.at(-1)! }
}

/** Let microtasks run. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

describe('a connection that heals itself', () => {
  it('connects when the turn is over, hands messages on, and tells its state', async () => {
    const { connection, sockets, states, messages, last } = start({ protocols: ['a', 'b'] })
    expect([connection.state.name, sockets.length]).toEqual(['connecting', 0])
    await settle()
    expect(last()).toMatchObject({ url: URL, protocols: ['a', 'b'], binaryType: 'arraybuffer' })
    last().open()
    last().say('hi')
    expect([states, messages]).toEqual([['connecting', 'open'], ['hi']])
  })

  it('waits longer each time with full jitter, from the ceiling on no longer, and begins anew after a stable time', async () => {
    const { connection, last } = start({ backoff: { base: 100, ceiling: 500 }, stableAfter: 1000 })
    await settle()
    const delays: number[] = []
    const lose = async (): Promise<void> => {
      last().end(1006)
      const { state } = connection
      delays.push(state.name === 'waiting' ? state.at - Date.now() : -1)
      await vi.advanceTimersToNextTimerAsync()
    }
    for (let i = 0; i < 5; i++) await lose()
    expect(delays).toEqual([50, 100, 200, 250, 250])
    last().open()
    await vi.advanceTimersByTimeAsync(999)
    await lose()
    last().open()
    await vi.advanceTimersByTimeAsync(1000)
    await lose()
    expect(delays.slice(5)).toEqual([250, 50])
  })

  it('has one socket at any time, and does not hear those it has let go of', async () => {
    const { connection, sockets, messages, losses } = start()
    await settle()
    const [first] = sockets as [FakeSocket]
    first.open()
    connection.drop()
    expect(first.closedWith).toBeDefined()
    await vi.runOnlyPendingTimersAsync()
    expect(sockets).toHaveLength(2)
    first.say('from the grave')
    first.end(1000)
    expect([messages, losses.length, connection.state.name]).toEqual([[], 1, 'connecting'])
  })

  it('gives an attempt up after the connect timeout', async () => {
    const { connection, sockets, losses } = start({ connectTimeout: 3000 })
    await settle()
    await vi.advanceTimersByTimeAsync(3000)
    expect(sockets[0]!.closedWith).toBeDefined()
    expect(connection.state.name).toBe('waiting')
    expect(losses).toEqual([])
  })

  it.each([
    [1000, 'closed'],
    [1002, 'closed'],
    [1008, 'closed'],
    [1001, 'waiting'],
    [1006, 'waiting'],
    [1012, 'waiting'],
    [4321, 'waiting'],
  ])('after %i it is %s', async (code, state) => {
    const { connection, losses, last } = start()
    await settle()
    last().open()
    last().end(code, 'why')
    expect(connection.state.name).toBe(state)
    expect(losses).toEqual([{ code, reason: 'why' }])
    if (state === 'closed') expect(connection.state).toEqual({ name: 'closed', code, reason: 'why' })
  })

  it('comes back soon when it is asked to, the first time', async () => {
    const { connection, last } = start({ backoff: { base: 10_000, ceiling: 10_000 } })
    await settle()
    const delay = (): number => (connection.state.name === 'waiting' ? connection.state.at - Date.now() : -1)
    last().open()
    last().end(1012)
    expect(delay()).toBe(500)
    await vi.advanceTimersToNextTimerAsync()
    last().end(1012)
    expect(delay()).toBe(5000)
  })

  it("lets the application's policy decide, which sees the error", async () => {
    const seen: Loss[] = []
    const { connection, last } = start({
      policy: (loss) => {
        seen.push(loss)
        return 'stop'
      },
    })
    await settle()
    const error = new Error('401')
    last().end(1006, '', error)
    expect(seen).toEqual([{ code: 1006, reason: '', error }])
    expect(connection.state.name).toBe('closed')
  })

  it('comes back when the server has said, which goes before the back-off', async () => {
    const { connection, last } = start()
    await settle()
    last().open()
    connection.comeBackAfter(7000)
    last().end(1013)
    expect(connection.state).toMatchObject({ name: 'waiting', at: Date.now() + 7000 })
  })

  it('asks for a fresh URL each time, and a URL that cannot be had is a failed attempt', async () => {
    let token = 0
    const { connection, sockets, last } = start({}, async () => {
      if (++token === 2) throw new Error('no token')
      return `wss://example.test/?token=${token}`
    })
    await settle()
    expect(last().url).toBe('wss://example.test/?token=1')
    last().end(1006)
    await vi.advanceTimersToNextTimerAsync()
    expect([sockets.length, connection.state.name]).toEqual([1, 'waiting'])
    await vi.advanceTimersToNextTimerAsync()
    expect(last().url).toBe('wss://example.test/?token=3')
  })

  it('stops for good when the platform refuses the URL', async () => {
    const connection = new ReconnectingSocket('nonsense', () => {
      throw new SyntaxError('no URL')
    })
    await settle()
    expect(connection.state).toMatchObject({ name: 'closed', code: 1006, reason: 'SyntaxError: no URL' })
  })
})

describe('its queue', () => {
  it('keeps what is sent while there is no connection, in order, up to its limit', async () => {
    const { connection, last } = start({ queueLimit: 30 })
    expect(connection.send('12345')).toBe(true)
    expect(connection.send(new Uint8Array(15))).toBe(true)
    expect(connection.send('x')).toBe(false)
    expect(connection.bufferedAmount).toBe(30)
    await settle()
    last().open()
    expect(last().sent).toEqual(['12345', new Uint8Array(15)])
    expect(connection.bufferedAmount).toBe(0)
    expect(connection.send('now')).toBe(true)
    expect(last().sent).toHaveLength(3)
  })

  it('keeps nothing when told so', async () => {
    const { connection } = start({ queueLimit: 0 })
    expect([connection.send('x'), connection.send('')]).toEqual([false, false])
  })

  it('waits for the open handler, which may send first', async () => {
    let greeted: () => void = () => {}
    const { connection, last } = start({
      open: async (send) => {
        send('who I am')
        await new Promise<void>((resolve) => (greeted = resolve))
      },
    })
    connection.send('later')
    await settle()
    last().open()
    connection.send('last')
    expect(last().sent).toEqual(['who I am'])
    greeted()
    await settle()
    expect(last().sent).toEqual(['who I am', 'later', 'last'])
  })

  it('drops the connection when the open handler fails', async () => {
    const { connection, losses, last } = start({ open: () => Promise.reject(new Error('not me')) })
    await settle()
    last().open()
    await settle()
    expect(last().closedWith).toBeDefined()
    expect(connection.state.name).toBe('waiting')
    expect(losses[0]!.error).toEqual(new Error('not me'))
  })
})

describe('its end and the network', () => {
  it('closes with code and reason, once, and connects no more', async () => {
    const { connection, sockets, states, losses, last } = start()
    await settle()
    last().open()
    connection.close(4000, 'enough')
    connection.close()
    expect(last().closedWith).toEqual({ code: 4000, reason: 'enough' })
    expect(losses).toEqual([{ code: 4000, reason: 'enough' }])
    expect(states).toEqual(['connecting', 'open', 'closed'])
    await vi.runAllTimersAsync()
    expect([sockets.length, connection.send('x'), vi.getTimerCount()]).toEqual([1, false, 0])
  })

  it.each([
    ['a code', 1001, '', 'InvalidAccessError'],
    ['a reason', 4000, 'é'.repeat(62), 'SyntaxError'],
  ])('stays as it is when the platform refuses %s', async (_what, code, reason, name) => {
    const { connection, sockets, states, messages, losses, last } = start()
    await settle()
    last().open()
    expect(() => connection.close(code, reason)).toThrow(expect.objectContaining({ name }))
    expect([connection.state.name, last().closedWith]).toEqual(['open', undefined])
    last().say('still here')
    expect([messages, connection.send('so am I'), last().sent]).toEqual([['still here'], true, ['so am I']])
    last().end(1006)
    await vi.runOnlyPendingTimersAsync()
    expect([sockets.length, connection.state.name]).toEqual([2, 'connecting'])
    // While connecting too.
    expect(() => connection.close(code, reason)).toThrow(expect.objectContaining({ name }))
    last().open()
    connection.close(1000)
    expect(last().closedWith).toEqual({ code: 1000, reason: '' })
    expect(losses.map((loss) => loss.code)).toEqual([1006, 1000])
    expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open', 'closed'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('hears nothing that the platform says while it closes', async () => {
    const { connection, sockets, losses, last } = start()
    await settle()
    last().open()
    const socket = last()
    socket.close = (code, reason) => socket.end(code!, reason)
    connection.close(4000, 'enough')
    expect([losses, connection.state.name]).toEqual([[{ code: 4000, reason: 'enough' }], 'closed'])
    await vi.runAllTimersAsync()
    expect(sockets).toHaveLength(1)
  })

  it('is closed by its signal, also before it began', async () => {
    const controller = new AbortController()
    const { connection } = start({ signal: controller.signal })
    await settle()
    controller.abort()
    expect(connection.state.name).toBe('closed')
    const never = start({ signal: AbortSignal.abort() })
    await settle()
    expect([never.connection.state.name, never.sockets.length]).toEqual(['closed', 0])
  })

  it('waits while there is no network, and goes on at once when it is back', async () => {
    let online = false
    const { connection, sockets, last } = start({ isOnline: () => online })
    await settle()
    expect([connection.state.name, sockets.length]).toEqual(['offline', 0])
    online = true
    connection.networkChanged(true)
    last().open()
    online = false
    connection.networkChanged(false)
    expect([connection.state.name, vi.getTimerCount()]).toEqual(['offline', 0])
    online = true
    connection.networkChanged(true)
    expect(sockets).toHaveLength(2)
  })

  it('tries all the same when told so, and says offline until there is a connection', async () => {
    const { connection, sockets, states, last } = start({ isOnline: () => false, triesOffline: true })
    await settle()
    expect([connection.state.name, sockets.length]).toEqual(['offline', 1])
    last().end(1006)
    await vi.advanceTimersToNextTimerAsync()
    expect([connection.state.name, sockets.length]).toEqual(['offline', 2])
    last().open()
    expect(new Set(states)).toEqual(new Set(['offline', 'open']))
    connection.networkChanged(false)
    expect(connection.state.name).toBe('offline')
    await vi.advanceTimersToNextTimerAsync()
    expect(sockets).toHaveLength(3)
    connection.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks for a sign of life when it wakes up connected, and waits no longer when it wakes up alone', async () => {
    let asked = 0
    const { connection, sockets, last } = start({ wake: () => asked++ })
    await settle()
    connection.wake()
    expect([asked, sockets.length]).toEqual([0, 1])
    last().open()
    connection.wake()
    connection.networkChanged(true)
    expect([asked, sockets.length]).toEqual([2, 1])
    connection.drop()
    connection.wake()
    expect([asked, sockets.length, connection.state.name]).toEqual([2, 2, 'connecting'])
  })

  it('says nothing to the open handler of a connection that its state handler has closed', async () => {
    let opened = 0
    const { connection, last } = start({
      state: ({ name }) => name === 'open' && connection.close(),
      open: () => opened++,
    })
    await settle()
    last().open()
    expect([opened, connection.state.name, last().sent]).toEqual([0, 'closed', []])
  })

  it('does not wait any longer when told so', async () => {
    const { connection, sockets, last } = start()
    await settle()
    last().end(1006)
    connection.reconnectNow()
    expect([connection.state.name, sockets.length]).toEqual(['connecting', 2])
    await vi.advanceTimersByTimeAsync(9999)
    expect(sockets).toHaveLength(2)
  })
})

const wrong: [title: string, options: ReconnectOptions, message: RegExp][] = [
  ['a negative base', { backoff: { base: -1 } }, /backoff\.base/],
  ['a factor below 1', { backoff: { factor: 0.5 } }, /backoff\.factor/],
  ['a ceiling below base', { backoff: { base: 10, ceiling: 5 } }, /backoff\.ceiling/],
  ['a jitter over 1', { backoff: { jitter: 2 } }, /backoff\.jitter/],
  ['no connect timeout', { connectTimeout: 0 }, /connectTimeout/],
  ['a stable time that is no number', { stableAfter: NaN }, /stableAfter/],
  ['a negative queue', { queueLimit: -1 }, /queueLimit/],
]
describe('its options', () => {
  it.each(wrong)('refuse %s', (_title, options, message) => {
    expect(() => start(options)).toThrow(message)
  })
})
