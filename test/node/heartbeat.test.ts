import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Heartbeat, type HeartbeatOptions } from '../../src/node/heartbeat.ts'
import { wheel } from '../../src/node/timer-wheel.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const NEVER: HeartbeatOptions = { interval: 0, timeout: 1000, idleTimeout: 0, maxLifetime: 0 }

/** A connection that notes what its heartbeat does to it, with the time. */
function makeHeartbeat(options: Partial<HeartbeatOptions>) {
  const started = performance.now()
  const calls: string[] = []
  const pings: Buffer[] = []
  const note = (call: string): void =>
    void calls.push(`${Math.round((performance.now() - started) / 100) / 10} ${call}`)
  const connection = {
    stalled: false,
    rests: false,
    ping: (payload: Uint8Array) => {
      pings.push(Buffer.from(payload))
      note('ping')
      return true
    },
    terminate: (cause: string) => note(`terminate ${cause}`),
  }
  const output = { isBlocked: false, progress: 0, leavingBytes: 0 }
  const close = (code: number, reason: string, cause: string): void => note(`close ${code} ${reason}, ${cause}`)
  const heartbeat = new Heartbeat({ connection, output, close }, { ...NEVER, ...options })
  return { heartbeat, connection, output, calls, pings }
}

describe('A heartbeat', () => {
  it('pings a peer that was silent for the interval, and drops it when it stays so (RFC 6455 5.5.2)', () => {
    const { calls } = makeHeartbeat({ interval: 5000, timeout: 2000 })
    vi.advanceTimersByTime(20_000)
    expect(calls).toEqual(['5.1 ping', '7.1 terminate timeout'])
    expect(wheel.size).toBe(0)
  })

  it('takes any byte for life, also in the midst of the interval', () => {
    const { heartbeat, calls } = makeHeartbeat({ interval: 5000, timeout: 2000 })
    for (let second = 0; second < 4; second++) {
      vi.advanceTimersByTime(3000)
      heartbeat.heard()
    }
    expect(calls).toEqual([])
    vi.advanceTimersByTime(5200)
    expect(calls).toEqual(['17.1 ping'])
    heartbeat.heard()
    vi.advanceTimersByTime(4000)
    expect(calls.length).toBe(1)
    heartbeat.stop()
  })

  it('measures the way there and back, by the pong that answers its own ping alone (RFC 6455 5.5.3)', () => {
    const { heartbeat, pings } = makeHeartbeat({ interval: 1000, timeout: 2000 })
    vi.advanceTimersByTime(1200)
    expect(heartbeat.rtt).toBeUndefined()
    heartbeat.pong(Buffer.from('none'))
    heartbeat.pong(Buffer.alloc(0))
    expect(heartbeat.rtt).toBeUndefined()
    const before = performance.now()
    vi.advanceTimersByTime(40)
    heartbeat.heard()
    heartbeat.pong(pings[0]!)
    expect(heartbeat.rtt).toBeGreaterThanOrEqual(40)
    expect(heartbeat.rtt).toBeLessThanOrEqual(performance.now() - before + 200)
    heartbeat.stop()
  })

  it('forgives a peer whose pong could not be read because the process itself was held up', () => {
    const { calls, heartbeat } = makeHeartbeat({ interval: 1000, timeout: 1000 })
    vi.advanceTimersByTime(1200)
    expect(calls).toEqual(['1.1 ping'])
    const now = vi.spyOn(wheel, 'now').mockImplementation(() => performance.now() + 60_000)
    vi.advanceTimersByTime(200)
    now.mockRestore()
    expect(calls).toEqual(['1.1 ping'])
    heartbeat.stop()
  })

  it('does not ping a peer that it does not read from', () => {
    const { connection, calls, heartbeat } = makeHeartbeat({ interval: 1000, timeout: 1000, idleTimeout: 3000 })
    connection.stalled = connection.rests = true
    vi.advanceTimersByTime(10_000)
    expect(calls).toEqual([])
    heartbeat.stop()
  })

  it.each([
    ['more than there may be', { isBlocked: true }, {}],
    ['an answer that keeps messages waiting', { leavingBytes: 1 }, { stalled: true, rests: true }],
  ])('drops a peer that takes none of what is unsent for an interval, but no slow one: %s', (_, unsent, state) => {
    const { output, connection, calls } = makeHeartbeat({ interval: 2000, timeout: 1000 })
    Object.assign(output, unsent)
    Object.assign(connection, state)
    for (let look = 0; look < 5; look++) {
      vi.advanceTimersByTime(2000)
      output.progress++
    }
    expect(calls).toEqual([])
    vi.advanceTimersByTime(4200)
    expect(calls.map((call) => call.split(' ').slice(1).join(' '))).toEqual(['terminate backpressure'])
  })

  it('closes with 1001 who sends no message for the idle timeout, whatever else comes', () => {
    const { heartbeat, calls } = makeHeartbeat({ idleTimeout: 3000 })
    vi.advanceTimersByTime(2000)
    heartbeat.spokenTo()
    vi.advanceTimersByTime(2500)
    heartbeat.heard()
    expect(calls).toEqual([])
    vi.advanceTimersByTime(2000)
    expect(calls).toEqual(['5.1 close 1001 idle, timeout'])
  })

  it('closes with 1001 at the end of a lifetime, scattered by a tenth each way', () => {
    const ends = [0, 0.5, 0.999].map((random) => {
      vi.spyOn(Math, 'random').mockReturnValueOnce(random)
      const { calls } = makeHeartbeat({ maxLifetime: 10_000 })
      vi.advanceTimersByTime(12_000)
      return calls
    })
    expect(ends.map((calls) => calls.length)).toEqual([1, 1, 1])
    expect(ends.map(([call]) => Math.round(Number.parseFloat(call!)))).toEqual([9, 10, 11])
    expect(ends[0]![0]).toMatch(/close 1001 maximum lifetime, lifetime$/)
  })

  it('takes no timer when all of it is off', () => {
    makeHeartbeat({})
    expect([wheel.size, vi.getTimerCount()]).toEqual([0, 0])
  })
})

describe('A Close frame of the heartbeat', () => {
  it.each([
    ['maximum lifetime', { maxLifetime: 1000 }],
    ['idle', { idleTimeout: 1000 }],
  ])('for "%s" comes behind what was published in the same turn', async (reason, options) => {
    const { port, server, opened, closed } = await serve({
      ...options,
      open: (socket) => void socket.subscribe('room'),
    })
    const client = await RawClient.open(port)
    await opened()
    server.publish('room', 'published')
    vi.advanceTimersByTime(1300)
    expect(await client.closeCode()).toBe(1001)
    expect(client.frames.map(({ payload }) => payload.toString('latin1'))).toEqual(['published', `\x03\xe9${reason}`])
    client.socket.end(clientFrame(8, Buffer.from([3, 233])))
    await closed()
    client.destroy()
  })

  it('comes behind what is held for a subscriber that does not keep up', async () => {
    const { port, server, opened, closed } = await serve({
      maxLifetime: 1000,
      slowConsumer: 'drop-oldest',
      open: (socket) => void socket.subscribe('room'),
    })
    const client = await RawClient.open(port)
    const socket = await opened()
    client.socket.pause()
    while (socket.send(new Uint8Array(1 << 20)));
    expect(server.publish('room', 'held')).toMatchObject({ queued: 1 })
    vi.advanceTimersByTime(1300)
    expect(socket.readyState).toBe(2)
    client.socket.resume()
    expect(await client.closeCode()).toBe(1001)
    expect(client.frames.slice(-2).map(({ payload }) => payload.toString('latin1'))).toEqual([
      'held',
      '\x03\xe9maximum lifetime',
    ])
    client.socket.end(clientFrame(8, Buffer.from([3, 233])))
    await closed()
    client.destroy()
  })
})
