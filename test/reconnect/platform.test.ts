import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ReconnectingSocket } from '../../src/reconnect/reconnecting-socket.ts'
import { isPlatformOnline } from '../../src/reconnect/platform.ts'
import { FakeSocket } from './fake-socket.ts'

const page = { events: new EventTarget(), navigator: { onLine: true }, visibilityState: 'visible' }
const document = Object.defineProperty(new EventTarget(), 'visibilityState', { get: () => page.visibilityState })

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('navigator', page.navigator)
  vi.stubGlobal('document', document)
  vi.stubGlobal('addEventListener', page.events.addEventListener.bind(page.events))
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function start(wake?: () => void) {
  const sockets: FakeSocket[] = []
  const connect = (url: string, protocols: readonly string[]): FakeSocket => {
    const socket = new FakeSocket(url, protocols)
    sockets.push(socket)
    return socket
  }
  const connection = new ReconnectingSocket('wss://example.test/', connect, wake === undefined ? {} : { wake })
  await vi.advanceTimersByTimeAsync(0)
  return { connection, sockets }
}

describe('on a platform that knows of the network and of who looks', () => {
  it('hears of the network until it is closed', async () => {
    const { connection, sockets } = await start()
    sockets[0]!.open()
    page.navigator.onLine = false
    page.events.dispatchEvent(new Event('offline'))
    expect(connection.state.name).toBe('offline')
    page.navigator.onLine = true
    page.events.dispatchEvent(new Event('online'))
    expect([connection.state.name, sockets.length]).toEqual(['connecting', 2])
    connection.close()
    page.events.dispatchEvent(new Event('online'))
    expect([connection.state.name, sockets.length]).toEqual(['closed', 2])
  })

  it('tries at once when somebody looks at the page again', async () => {
    const { connection, sockets } = await start()
    sockets[0]!.end(1006)
    page.visibilityState = 'hidden'
    document.dispatchEvent(new Event('visibilitychange'))
    expect(connection.state.name).toBe('waiting')
    page.visibilityState = 'visible'
    document.dispatchEvent(new Event('visibilitychange'))
    expect([connection.state.name, sockets.length]).toEqual(['connecting', 2])
    connection.close()
  })

  it('has an open connection tried when the page is shown again', async () => {
    let asked = 0
    const { connection, sockets } = await start(() => asked++)
    sockets[0]!.open()
    page.events.dispatchEvent(new Event('pageshow'))
    expect([asked, sockets.length]).toEqual([1, 1])
    connection.close()
    page.events.dispatchEvent(new Event('pageshow'))
    expect(asked).toBe(1)
  })

  it('takes the network for granted where nothing is known of it', () => {
    vi.stubGlobal('navigator', undefined)
    expect(isPlatformOnline()).toBe(true)
  })
})
