/** docs/limits.md, row by row: what stands in its tables holds, and the defaults are those it tells. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { checkDeflateOptions, DEFAULT_CLIENT_WINDOW_BITS } from '../../src/extensions/deflate-options.ts'
import { ContextSlot, KeptContexts } from '../../src/extensions/kept-contexts.ts'
import { permessageDeflateServer } from '../../src/extensions/permessage-deflate.ts'
import { ZlibContext } from '../../src/extensions/zlib-context.ts'
import { defaults } from '../../src/node/limits.ts'
import type { ServerOptions } from '../../src/node/server-options.ts'
import type { Socket } from '../../src/node/socket.ts'
import type { CloseOutcome } from '../../src/protocol/close-outcome.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'
import { openRawSession, RawStream } from '../support/raw-stream.ts'
import { serve } from '../support/serve.ts'

const markdown = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8')

/** The cells of every row of every table. */
const rows = markdown
  .split('\n')
  .filter((line) => line.startsWith('|') && !line.startsWith('| ---'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  .filter(([name]) => name !== '' && name !== 'option' && name !== 'what')

const UNITS: Record<string, number> = { KiB: 2 ** 10, MiB: 2 ** 20, s: 1000, bytes: 1 }

/** `16 MiB` and `1,024` as numbers. */
function valueOf(cell: string): number {
  const [, number = '', unit = ''] = /^([\d,]+) ?(\w*)/.exec(cell) ?? []
  return Number(number.replaceAll(',', '')) * (UNITS[unit] ?? 1)
}

/** Send something to a server with these options; answers the code of the Close frame it gets. */
async function closeCode(options: ServerOptions<undefined>, ...frames: Uint8Array[]): Promise<number> {
  const { port } = await serve(options)
  const client = await RawClient.open(port)
  client.send(...frames)
  const code = await client.closeCode()
  client.destroy()
  return code
}

/** How a connection of a client that says nothing ends. */
async function outcomeOf(options: ServerOptions<undefined>, act?: (socket: Socket) => void): Promise<CloseOutcome> {
  const { port, closed, opened } = await serve({ closeTimeout: 100, ...options })
  const client = await RawClient.open(port)
  client.socket.pause()
  act?.(await opened())
  const outcome = await closed()
  client.destroy()
  return outcome
}

/** A server of both versions of HTTP, and a session with it. */
async function serveHttp2(options: ServerOptions<undefined> = {}) {
  const tls = makeSelfSigned(['127.0.0.1'], Date.now())
  const served = await serve({ tls, http2: true, ...options })
  return { ...served, session: await openRawSession(`https://127.0.0.1:${served.port}`) }
}

/** The status that a second handshake is answered with. */
async function secondHandshake(options: ServerOptions<undefined>): Promise<string> {
  const { port } = await serve(options)
  const first = new RawClient(port).send(requestHead())
  if (options.upgrade === undefined) await first.head()
  const second = new RawClient(port).send(requestHead())
  const head = await second.head()
  first.destroy()
  second.destroy()
  return head.split('\r\n')[0]!
}

/** Fill the output of a socket whose peer does not read. */
function fill(socket: Socket): void {
  for (let i = 0; i < 64 && socket.readyState === 1; i++) socket.send(new Uint8Array(1 << 20))
}

/** A text message as permessage-deflate has it. */
function deflated(text: string): Uint8Array {
  return clientFrame(1, deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4), { rsv: 4 })
}

async function deflatedReply(perMessageDeflate: object, frame: Uint8Array) {
  const { port } = await serve({ perMessageDeflate, message: (socket, message) => void socket.send(message) })
  const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
  client.send(frame)
  const [reply] = await client.take(1)
  client.destroy()
  return reply!
}

const tooFast = [clientFrame(1, 'one'), clientFrame(1, 'two')]
const undecided = (): Promise<void> => new Promise(() => {})

/** What each row says, tried out. */
const cases: Record<string, () => unknown> = {
  maxPayload: async () => expect(await closeCode({ maxPayload: 3 }, clientFrame(1, 'four'))).toBe(1009),
  maxFragments: async () => {
    const frame = clientFrame(1, 'x', { fin: false })
    expect(await closeCode({ maxFragments: 1 }, frame, clientFrame(0, 'y'))).toBe(1008)
  },
  async highWaterMark() {
    const { port, opened } = await serve({ highWaterMark: 1000 })
    const client = await RawClient.open(port)
    const socket = await opened()
    client.socket.pause()
    fill(socket)
    expect(socket.send('more')).toBe(false)
    client.send(clientFrame(9, 'not read'))
    await new Promise(setImmediate)
    expect(socket.stats().bytesIn).toBe(0)
    client.destroy()
  },
  maxBufferedAmount: async () => {
    const outcome = await outcomeOf({ maxBufferedAmount: 1000, highWaterMark: 1 }, fill)
    expect(outcome).toMatchObject({ code: 1013, cause: 'backpressure' })
  },
  closeTimeout: async () => {
    expect(await outcomeOf({ closeTimeout: 50 }, (socket) => socket.close())).toMatchObject({ cause: 'timeout' })
  },
  async handshakeTimeout() {
    const { port } = await serve({ handshakeTimeout: 100, upgrade: undecided })
    const client = new RawClient(port).send(requestHead())
    expect(await client.head()).toMatch(/^HTTP\/1\.1 503 /)
    const slow = new RawClient(port).send('GET / HT')
    expect(await slow.head()).toMatch(/^HTTP\/1\.1 408 /)
  },
  heartbeatInterval: async () => {
    const { port } = await serve({ heartbeatInterval: 100 })
    const client = await RawClient.open(port)
    expect((await client.take(1))[0]!.opcode).toBe(9)
    client.destroy()
  },
  heartbeatTimeout: async () => {
    const outcome = await outcomeOf({ heartbeatInterval: 100, heartbeatTimeout: 100 })
    expect(outcome).toMatchObject({ code: 1006, cause: 'timeout' })
  },
  idleTimeout: async () => expect(await closeCode({ idleTimeout: 100 })).toBe(1001),
  maxLifetime: async () => expect(await closeCode({ maxLifetime: 100 })).toBe(1001),
  async partsFrom() {
    let length = 0
    const { port } = await serve({
      partsFrom: 3,
      async parts(socket, message) {
        for await (const part of message) length += part.length
        socket.send('done')
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'four'))
    await client.take(1)
    expect(length).toBe(4)
    client.destroy()
  },
  messagesPerSecond: async () => {
    expect(await closeCode({ messagesPerSecond: 1, whenRateExceeded: 'close' }, ...tooFast)).toBe(1008)
    expect(await closeCode({ bytesPerSecond: 4, whenRateExceeded: 'close' }, ...tooFast)).toBe(1008)
    const pings = [clientFrame(9), clientFrame(9)]
    expect(await closeCode({ pingsPerSecond: 1, whenRateExceeded: 'close' }, ...pings)).toBe(1008)
  },
  async slowBudget() {
    const { port, opened, server } = await serve({ slowBudget: 1000, highWaterMark: 1, slowConsumer: 'drop-newest' })
    const client = await RawClient.open(port)
    client.socket.pause()
    const socket = await opened()
    socket.subscribe('room')
    fill(socket)
    await new Promise(setImmediate)
    expect(server.publish('room', 'x'.repeat(90))).toMatchObject({ queued: 1 })
    expect(server.publish('room', 'x'.repeat(90))).toMatchObject({ dropped: 1 })
    // What is sent directly takes along what waits.
    const { heldAmount } = server.stats()
    expect(heldAmount).toBeGreaterThan(90)
    const before = socket.bufferedAmount
    socket.send('direct')
    expect([server.stats().heldAmount, socket.bufferedAmount - before]).toEqual([0, 2 + 90 + 2 + 6])
    expect(server.publish('room', 'x'.repeat(90))).toMatchObject({ queued: 1 })
    client.destroy()
  },
  maxBufferedTotal: async () => {
    const outcome = await outcomeOf({ maxBufferedTotal: 1000, highWaterMark: 1 }, fill)
    expect(outcome).toMatchObject({ code: 1006, cause: 'backpressure' })
  },
  maxHandshakes: async () => expect(await secondHandshake({ maxHandshakes: 1, upgrade: undecided })).toMatch(/ 503 /),
  maxConnections: async () => {
    expect(await secondHandshake({ maxConnections: 1 })).toMatch(/ 503 /)
    expect(await secondHandshake({ maxConnectionsPerAddress: 1 })).toMatch(/ 503 /)
  },
  handshakesPerSecond: async () => {
    expect(await secondHandshake({ handshakesPerSecond: 1 })).toMatch(/ 503 /)
    expect(await secondHandshake({ handshakesPerSecondPerAddress: 1 })).toMatch(/ 503 /)
  },
  'payload of a ping, pong or close from the peer (RFC 6455 5.5)': async () => {
    expect(await closeCode({}, clientFrame(9, new Uint8Array(126)))).toBe(1002)
  },
  ping: async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    expect(() => socket.ping(new Uint8Array(126))).toThrow(RangeError)
    expect(() => socket.close(1000, 'x'.repeat(124))).toThrow(RangeError)
    client.destroy()
  },
  'pongs that are owed and not sent': async () => {
    const pongs: string[] = []
    let gotLast: (() => void) | undefined
    const last = new Promise<void>((resolve) => (gotLast = resolve))
    const { port, opened } = await serve({
      maxPayload: 2 ** 30,
      pong(_socket, payload) {
        pongs.push(Buffer.from(payload).toString())
        if (pongs.at(-1) === '99') gotLast!()
      },
    })
    const client = new WebSocket(`ws://127.0.0.1:${port}`)
    const socket = await opened()
    socket.pause()
    await new Promise((resolve) => client.addEventListener('open', resolve))
    client.send(new Uint8Array(64 * 2 ** 20))
    let pings = 0
    const pinged = new Promise<void>((resolve) => {
      client.addEventListener('ping', () => {
        if (++pings === 100) resolve()
      })
    })
    await new Promise(setImmediate)
    for (let i = 0; i < 100; i++) socket.ping(`${i}`)
    await pinged
    socket.resume()
    await last
    expect(pongs).toEqual(['99'])
    client.terminate()
  },
  'head of a request, when the server listens by itself': async () => {
    const { port } = await serve()
    const client = new RawClient(port).send(requestHead({ headers: { Cookie: 'x'.repeat(20_000) } }))
    expect(await client.head()).toMatch(/^HTTP\/1\.1 431 /)
    const { session } = await serveHttp2()
    const stream = new RawStream(session, { cookie: 'x'.repeat(20_000) })
    expect(await stream.closed()).toBeGreaterThan(0)
  },
  maxConcurrentStreams: async () => {
    const { session, server } = await serveHttp2({ http2: { maxConcurrentStreams: 1 } })
    const first = await RawStream.open(session)
    const second = new RawStream(session)
    await new Promise((resolve) => session.ping(resolve))
    expect(server.stats().accepted).toBe(1)
    first.reset()
    expect(await second.answer()).toMatchObject({ ':status': 200 })
    second.reset()
  },
  sessionIdleTimeout: async () => {
    const { session } = await serveHttp2({ http2: { sessionIdleTimeout: 100 } })
    await once(session, 'goaway')
  },
  'bytes of an HTTP/2 stream that nobody reads, when the server listens by itself': async () => {
    const { session, opened } = await serveHttp2()
    const client = await RawStream.open(session)
    const socket = await opened()
    socket.pause()
    let written = 0
    const frame = clientFrame(2, new Uint8Array(65_536 - 14))
    client.stream.on('drain', () => {})
    for (let i = 0; i < 16; i++) client.stream.write(frame, () => void (written += frame.length))
    await new Promise((resolve) => session.ping(resolve))
    expect(written).toBeLessThanOrEqual(262_144)
    client.reset()
  },
  threshold: async () => {
    const text = 'a'.repeat(100)
    expect((await deflatedReply({ threshold: 101 }, deflated(text))).rsv).toBe(0)
    expect((await deflatedReply({ threshold: 100 }, deflated(text))).rsv).toBe(4)
  },
  asyncThreshold: async () => {
    const reply = await deflatedReply({ threshold: 0, asyncThreshold: 10 }, deflated('b'.repeat(5000)))
    expect([reply.rsv, reply.payload.length < 100]).toEqual([4, true])
  },
  concurrencyLimit: () => expect(() => checkDeflateOptions({ concurrencyLimit: 0 }, 'server')).toThrow(RangeError),
  maxInflateRatio: async () => {
    const reply = await deflatedReply({ maxInflateRatio: 2 }, deflated('c'.repeat(20_000)))
    expect([reply.opcode, reply.payload.readUInt16BE(0)]).toEqual([8, 1009])
  },
  clientMaxWindowBits: () => {
    const offer = { name: 'permessage-deflate', parameters: [['client_max_window_bits', true]] as const }
    const answer = permessageDeflateServer().accept(offer)!.response
    expect(answer.parameters).toEqual([['client_max_window_bits', String(DEFAULT_CLIENT_WINDOW_BITS)]])
  },
  contextLimit: () => {
    const kept = new KeptContexts()
    const { contextLimit } = checkDeflateOptions({}, 'server')
    const slots = Array.from({ length: contextLimit + 10 }, () => new ContextSlot(kept))
    for (let round = 0; round < 3; round++)
      for (const slot of slots) slot.use(contextLimit, () => ZlibContext.inflate({}))
    expect(kept.size).toBe(64)
    for (const slot of slots) slot.drop()
  },
  deflateHistory: () => expect(() => checkDeflateOptions({ deflateHistory: 32_769 }, 'server')).toThrow(RangeError),
}

/** The first name of a row, or its words. */
function keyOf(cell: string): string {
  if (cell.startsWith('payload given to')) return 'ping'
  return /^`(\w+)`/.exec(cell)?.[1] ?? cell
}

describe('docs/limits.md', () => {
  it('has a row for each case here, and a case here for each row', () => {
    expect(rows.map(([name]) => keyOf(name!)).toSorted()).toEqual(Object.keys(cases).toSorted())
  })

  it.each(Object.keys(cases))('%s', async (name) => {
    await cases[name]!()
  })

  it('tells the defaults that hold', () => {
    const all: Record<string, unknown> = { ...defaults, ...checkDeflateOptions({}, 'server') }
    let compared = 0
    for (const [name, value] of rows) {
      const expected = all[keyOf(name!)]
      if (!name!.startsWith('`') || value === 'none' || typeof expected !== 'number') continue
      expect(valueOf(value!), name).toBe(expected)
      compared++
    }
    expect(compared).toBeGreaterThan(10)
  })
})
