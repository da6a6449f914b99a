/** WebSockets over HTTP/2, frame by frame. RFC 8441 3, 5; RFC 9113 6. */
import { describe, expect, it, vi } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { reject } from '../../src/handshake/rejection.ts'
import { stopClock } from '../support/clock.ts'
import { hex } from '../support/hex.ts'
import {
  code,
  END_HEADERS,
  END_STREAM,
  Frame,
  headerBlock,
  http2Frame,
  Http2Peer,
  type Http2Frame,
} from '../support/http2-wire.ts'
import { clientFrame } from '../support/raw-client.ts'
import { connectFields } from '../support/raw-stream.ts'
import { serve } from '../support/serve.ts'
import { turnsUntil } from '../support/turns.ts'

stopClock()

const tls = makeSelfSigned(['127.0.0.1'], Date.now())
/** RFC 9113 7. */
const [NO_ERROR, INTERNAL_ERROR, CANCEL] = [0, 2, 8]
const handshake = headerBlock(connectFields())

function ask(stream: number): Uint8Array {
  return http2Frame(Frame.Headers, stream, handshake, END_HEADERS)
}

/** What there is to see of the frames of a stream. */
function seen({ type, flags, payload }: Http2Frame): string {
  if (type === Frame.RstStream) return `RST_STREAM ${payload.readUInt32BE(0)}`
  const end = (flags & END_STREAM) === 0 ? '' : ' END_STREAM'
  return type === Frame.Data ? `DATA ${payload.toString('hex')}${end}` : `HEADERS${end}`
}

async function openSocket(options: Parameters<typeof serve>[0] = {}) {
  const served = await serve({ tls, http2: true, ...options })
  const peer = await Http2Peer.open(served.port)
  peer.send(ask(1))
  await peer.until(() => peer.of(1).some(({ type }) => type === Frame.Headers))
  return { ...served, peer }
}

describe('The wire of HTTP/2', () => {
  it('carries SETTINGS_ENABLE_CONNECT_PROTOCOL with 1 in the first frame of the server (RFC 8441 3)', async () => {
    const { port } = await serve({ tls, http2: true })
    const { frames } = await Http2Peer.open(port)
    const settings = new Map<number, number>()
    const { payload, type } = frames[0]!
    for (let at = 0; at < payload.length; at += 6) settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
    expect([type, settings.get(0x8)]).toEqual([Frame.Settings, 1])
  })

  it('carries frames of WebSocket in DATA, whatever their boundaries (RFC 8441 5)', async () => {
    const { peer } = await openSocket({ message: (socket, message) => void socket.send(message) })
    for (const byte of hex('81 82 37 fa 21 3d 5f 93')) peer.send(http2Frame(Frame.Data, 1, Uint8Array.of(byte)))
    await peer.until(() => peer.of(1).length === 2)
    expect(peer.of(1).map(seen)).toEqual(['HEADERS', 'DATA 81026869'])
  })

  it('ends a stream in order with END_STREAM, and asks the client to stop (RFC 9113 8.1)', async () => {
    const { peer, closed } = await openSocket()
    peer.send(http2Frame(Frame.Data, 1, clientFrame(8, Buffer.from([3, 232]))))
    await peer.until(() => peer.of(1).some(({ type }) => type === Frame.RstStream))
    expect(peer.of(1).map(seen)).toEqual(['HEADERS', 'DATA 880203e8 END_STREAM', `RST_STREAM ${NO_ERROR}`])
    expect(await closed()).toMatchObject({ code: 1000, clean: true })
  })

  it('does so as well when the Close frame has left before', async () => {
    const { peer, opened, closed } = await openSocket()
    ;(await opened()).close(1001)
    await peer.until(() => peer.of(1).length === 2)
    peer.send(http2Frame(Frame.Data, 1, clientFrame(8, Buffer.from([3, 233]))))
    await peer.until(() => peer.of(1).length === 4)
    expect(peer.of(1).map(seen)).toEqual(['HEADERS', 'DATA 880203e9', 'DATA  END_STREAM', `RST_STREAM ${NO_ERROR}`])
    expect(await closed()).toMatchObject({ code: 1001, clean: true, cause: 'local' })
  })

  it('answers END_STREAM without a Close frame with END_STREAM', async () => {
    const { peer, closed } = await openSocket()
    peer.send(http2Frame(Frame.Data, 1, new Uint8Array(), END_STREAM))
    await peer.until(() => peer.of(1).length >= 2)
    expect(peer.of(1).slice(0, 2).map(seen)).toEqual(['HEADERS', 'DATA  END_STREAM'])
    expect(await closed()).toEqual({ code: 1006, reason: '', clean: false, cause: 'transport' })
  })

  it('resets a stream that is dropped with CANCEL (RFC 8441 5)', async () => {
    const { peer, opened } = await openSocket()
    ;(await opened()).terminate()
    await peer.until(() => peer.of(1).some(({ type }) => type === Frame.RstStream))
    expect(peer.of(1).map(seen)).toEqual(['HEADERS', `RST_STREAM ${CANCEL}`])
  })

  it.each([
    ['CANCEL', CANCEL],
    ['INTERNAL_ERROR', INTERNAL_ERROR],
  ])('tells RST_STREAM with %s as the reset of TCP, and goes on with the others', async (name, error) => {
    const { peer, closed, server } = await openSocket()
    peer.send(ask(3))
    await peer.until(() => server.clients.size === 2)
    peer.send(http2Frame(Frame.RstStream, 1, code(error)))
    expect(await closed()).toMatchObject({
      code: 1006,
      clean: false,
      cause: 'transport',
      error: { message: expect.stringContaining(name) },
    })
    expect(server.clients.size).toBe(1)
  })

  it('ends in order although the stream is reset behind the Close frame', async () => {
    const { peer, closed } = await openSocket()
    const close = http2Frame(Frame.Data, 1, clientFrame(8, Buffer.from([3, 233])))
    peer.send(close, http2Frame(Frame.RstStream, 1, code(CANCEL)))
    expect(await closed()).toMatchObject({ code: 1001, clean: true, cause: 'peer' })
  })

  it('is not cut off while its peer takes some of a large message, and is when it takes none', async () => {
    const { peer, opened, closed } = await openSocket({ closeTimeout: 600, heartbeatInterval: 0 })
    const socket = await opened()
    socket.send(new Uint8Array(700_000))
    socket.close(1000)
    const received = (): number =>
      peer.of(1).reduce((sum, { type, payload }) => sum + (type === 0 ? payload.length : 0), 0)
    // RFC 9113 6.9.2: the windows that a peer has without saying so.
    for (let window = 65_535; window < 600_000; window += 70_000) {
      await peer.until(() => received() === window)
      // Each step takes less than the time that would be too long, all of them more.
      vi.advanceTimersByTime(400)
      for (const stream of [0, 1]) peer.send(http2Frame(Frame.WindowUpdate, stream, code(70_000)))
    }
    await peer.until(() => received() > 600_000)
    for (let i = 0; i < 2; i++) vi.advanceTimersByTime(800)
    expect(await closed()).toMatchObject({ code: 1006, cause: 'timeout' })
    const reset = await peer.until(() => peer.of(1).find(({ type }) => type === Frame.RstStream))
    expect(seen(reset)).toBe(`RST_STREAM ${CANCEL}`)
  })

  it('gives a peer that has ended its stream what is on its way, and then END_STREAM', async () => {
    const { peer, opened, closed, outcomes } = await openSocket()
    const socket = await opened()
    socket.send(new Uint8Array(100_000))
    peer.send(http2Frame(Frame.Data, 1, new Uint8Array(), END_STREAM))
    await turnsUntil(() => socket.readyState === 2)
    expect([socket.send('more'), outcomes]).toEqual([false, []])
    for (const stream of [0, 1]) peer.send(http2Frame(Frame.WindowUpdate, stream, code(70_000)))
    expect(await closed()).toMatchObject({ code: 1006, cause: 'transport' })
    await peer.until(() => peer.of(1).some(({ flags, type }) => type === Frame.Data && (flags & END_STREAM) !== 0))
    const data = peer.of(1).filter(({ type }) => type === Frame.Data)
    expect(data.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(100_010)
    expect(outcomes.length).toBe(1)
  })

  it('resets a stream that was refused when its client takes no body for 10 s, and goes on with the others', async () => {
    const { port, server } = await serve({
      tls,
      http2: true,
      upgrade: ({ url }) => (url === '/no' ? reject(403, 'x'.repeat(100_000)) : undefined),
    })
    const peer = await Http2Peer.open(port)
    peer.send(http2Frame(Frame.Headers, 1, headerBlock(connectFields({ ':path': '/no' })), END_HEADERS))
    // RFC 9113 6.9.2: the window that a stream has to begin with, and is given no more.
    await peer.until(() => peer.of(1).reduce((sum, { payload }) => sum + payload.length, 0) >= 65_535)
    vi.advanceTimersByTime(9800)
    peer.send(http2Frame(Frame.Ping, 0, new Uint8Array(8)))
    await peer.until(() => peer.frames.some(({ type, flags }) => type === Frame.Ping && flags === 1))
    expect(peer.of(1).some(({ type }) => type === Frame.RstStream)).toBe(false)
    vi.advanceTimersByTime(400)
    const reset = await peer.until(() => peer.of(1).find(({ type }) => type === Frame.RstStream))
    expect(seen(reset)).toBe(`RST_STREAM ${CANCEL}`)
    peer.send(http2Frame(Frame.WindowUpdate, 0, code(70_000)), ask(3))
    await peer.until(() => server.clients.size === 1)
  })

  it('goes on with a session whose peer takes nothing, resets and ends streams', async () => {
    const { peer, server, sockets } = await openSocket({ open: (socket) => void socket.send(new Uint8Array(500_000)) })
    for (let stream = 3; stream < 40; stream += 2) peer.send(ask(stream))
    await peer.until(() => sockets.length === 20)
    for (const [i, socket] of [...sockets].entries()) {
      const stream = 2 * i + 1
      if (i % 5 === 0) peer.send(http2Frame(Frame.RstStream, stream, code(CANCEL)))
      else if (i % 5 === 1) peer.send(http2Frame(Frame.Data, stream, new Uint8Array(), END_STREAM))
      else if (i % 5 === 2) peer.send(http2Frame(Frame.Data, stream, clientFrame(8, Buffer.from([3, 232]))))
      else if (i % 5 === 3) socket.terminate()
    }
    peer.send(http2Frame(Frame.Ping, 0, new Uint8Array(8)), ask(41))
    await peer.until(() => peer.frames.some(({ type, flags }) => type === Frame.Ping && flags === 1))
    await peer.until(() => peer.of(41).length > 0)
    peer.send(http2Frame(Frame.Headers, 43, headerBlock(connectFields({ ':path': 'x' })), END_HEADERS))
    await peer.until(() => peer.of(43).length > 0)
    // Those that ended in order, or have not, still have something to say.
    expect(server.clients.size).toBe(13)
  })

  it('ends a session with more streams than it allows, before anything is done for them (RFC 9113 5.1.2)', async () => {
    const { peer, server, closed } = await openSocket({ http2: { maxConcurrentStreams: 1 } })
    peer.send(ask(3))
    const { payload } = await peer.until(() => peer.frames.find(({ type }) => type === Frame.GoAway))
    expect(payload.readUInt32BE(0)).toBe(1)
    expect(payload.readUInt32BE(4)).not.toBe(NO_ERROR)
    expect(await closed()).toMatchObject({ code: 1006, cause: 'transport' })
    expect(server.stats()).toMatchObject({ accepted: 1, refused: 0, handshakes: 0 })
  })

  it('ends a session on which streams are opened and reset over and over', async () => {
    let asked = 0
    const { server, port } = await serve({
      tls,
      http2: true,
      upgrade: () => {
        asked++
        return new Promise<void>(() => {})
      },
      maxHandshakes: 8,
    })
    const peer = await Http2Peer.open(port)
    const cycles = Array.from({ length: 4000 }, (_, i) => [
      ask(2 * i + 1),
      http2Frame(Frame.RstStream, 2 * i + 1, code(CANCEL)),
    ])
    peer.send(...cycles.flat())
    const { payload } = await peer.until(() => peer.frames.find(({ type }) => type === Frame.GoAway))
    // RFC 9113 6.8: the last stream that it has looked at.
    expect(payload.readUInt32BE(0)).toBeLessThan(4000)
    // None of them has left the count while the application is at work; who was reset before its turn was never asked about.
    expect(asked).toBeGreaterThan(0)
    expect(asked).toBeLessThanOrEqual(8)
    expect(server.stats()).toMatchObject({ handshakes: asked, accepted: 0 })
  })
})
