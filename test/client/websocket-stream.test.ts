import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HandshakeError } from '../../src/node/handshake-error.ts'
import { WebSocketError } from '../../src/node/websocket-error.ts'
import { WebSocketStream, type WebSocketOpenInfo } from '../../src/node/websocket-stream.ts'
import { turnsUntilStill } from '../support/turns.ts'
import { accepted, RawServer } from './raw-server.ts'

const server = new RawServer()
beforeEach(async () => {
  await server.listen()
  server.answer = ({ key, socket }) => socket.write(accepted(key))
})
afterEach(() => server.close())

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Answers whatever comes with these bytes, and ends TCP when they are a Close frame. */
function answering(first: string, then = ''): void {
  server.answer = ({ key, socket }) => {
    socket.write(Buffer.concat([Buffer.from(accepted(key), 'latin1'), hex(first)]))
    socket.on('data', () => (then === '' ? undefined : socket.end(hex(then))))
  }
}

/** What a client sent after its request: opcode and unmasked payload of each frame of at most 125 bytes. */
function sent(): string[] {
  const wire = Buffer.concat(server.received)
  const frames: string[] = []
  for (let at = 0; at < wire.length;) {
    const length = wire[at + 1]! & 0x7f
    const payload = Buffer.from(wire.subarray(at + 6, at + 6 + length))
    for (let i = 0; i < length; i++) payload[i]! ^= wire[at + 2 + (i % 4)]!
    frames.push(`${wire[at]!.toString(16)} ${payload.toString(wire[at] === 0x81 ? 'utf8' : 'hex')}`)
    at += 6 + length
  }
  return frames
}

async function open(options = {}): Promise<WebSocketOpenInfo & { stream: WebSocketStream }> {
  const stream = new WebSocketStream(server.url, { perMessageDeflate: false, ...options })
  return { ...(await stream.opened), stream }
}

describe('WebSocketStream', () => {
  it('tells what was agreed on, and reads each message as a chunk', async () => {
    server.answer = ({ key, socket }) =>
      socket.write(
        Buffer.concat([
          Buffer.from(accepted(key, 'Sec-WebSocket-Protocol: b\r\n'), 'latin1'),
          hex('8102 6869 8203 010203 8100'),
        ]),
      )
    const { readable, protocol, extensions, stream } = await open({ protocols: ['a', 'b'] })
    expect({ protocol, extensions, url: stream.url }).toEqual({ protocol: 'b', extensions: '', url: server.url })
    const reader = readable.getReader()
    expect((await reader.read()).value).toBe('hi')
    expect(Uint8Array.from((await reader.read()).value as Uint8Array)).toEqual(Uint8Array.of(1, 2, 3))
    expect((await reader.read()).value).toBe('')
  })

  it('writes strings, bytes, and anything else as a string', async () => {
    answering('', '88 00')
    const { writable } = await open()
    const writer = writable.getWriter()
    await writer.write('text')
    await writer.write(Uint8Array.of(1, 2))
    await writer.write(new Uint16Array([3]).buffer)
    await writer.write(42 as never)
    await writer.closed.catch(() => {})
    expect(sent().slice(0, 1)).toEqual(['81 text'])
  })

  it('ends readable and resolves closed after a clean close by the server', async () => {
    answering('8102 6869 8804 03e8 6f6b')
    const { readable, writable, stream } = await open({ closeTimeout: 200 })
    const seen: unknown[] = []
    for await (const message of readable) seen.push(message)
    expect(seen).toEqual(['hi'])
    expect(await stream.closed).toEqual({ closeCode: 1000, reason: 'ok' })
    await expect(writable.getWriter().write('late')).rejects.toMatchObject({ name: 'InvalidStateError' })
  })

  it('rejects everything with a WebSocketError after an unclean end', async () => {
    server.answer = ({ key, socket }) => {
      socket.write(accepted(key))
      socket.once('data', () => socket.end())
    }
    const { readable, writable, stream } = await open()
    const writer = writable.getWriter()
    const read = readable.getReader().read()
    await writer.write('now')
    const failures = await Promise.all(
      [read, stream.closed, writer.closed].map((one: Promise<unknown>) => one.catch((error: unknown) => error)),
    )
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(WebSocketError)
      expect(failure).toMatchObject({ name: 'WebSocketError', closeCode: 1006, reason: '' })
    }
  })

  it('closes with code and reason of close, and checks them first', async () => {
    answering('', '8802 0bb8')
    const { stream } = await open()
    const wrong: [unknown, string][] = [
      [{ closeCode: 1001 }, 'InvalidAccessError'],
      [{ reason: 'r'.repeat(124) }, 'SyntaxError'],
    ]
    for (const [info, name] of wrong)
      expect(() => stream.close(info as never)).toThrow(expect.objectContaining({ name }))
    stream.close({ closeCode: 3000, reason: 'done' })
    expect(await stream.closed).toEqual({ closeCode: 3000, reason: '' })
    expect(sent()).toEqual(['88 0bb8646f6e65'])
  })

  const endings: [title: string, end: (info: WebSocketOpenInfo) => Promise<unknown>, frame: string][] = [
    ['writer.close', ({ writable }) => writable.getWriter().close(), '88 '],
    ['writer.abort', ({ writable }) => writable.getWriter().abort(new Error('mine')), '88 '],
    [
      'writer.abort with a WebSocketError',
      ({ writable }) => writable.getWriter().abort(new WebSocketError('', { closeCode: 4000, reason: 'x' })),
      '88 0fa078',
    ],
    [
      'reader.cancel with a WebSocketError',
      ({ readable }) => readable.getReader().cancel(new WebSocketError('', { reason: 'x' })),
      '88 03e878',
    ],
    ['leaving a loop', async ({ readable }) => readable.cancel(), '88 '],
  ]
  it.each(endings)('closes by %s', async (_title, end, frame) => {
    answering('', '8800')
    const info = await open()
    await end(info)
    expect(await info.stream.closed).toEqual({ closeCode: 1005, reason: '' })
    expect(sent()).toEqual([frame])
  })

  /** Makes an error as the library does: of a connection whose server has dropped TCP. */
  async function lost(): Promise<{ info: Awaited<ReturnType<typeof open>>; drop: () => void }> {
    let drop: () => void = () => {}
    const answer = server.answer
    server.answer = ({ key, socket }) => {
      socket.write(accepted(key))
      drop = () => socket.destroy()
    }
    const info = await open()
    info.stream.closed.catch(() => {})
    server.answer = answer
    return { info, drop: () => drop() }
  }

  it('closes when a pipe passes on the end of another connection, with no code of its own', async () => {
    answering('', '8800')
    const { info, drop } = await lost()
    const target = await open()
    const piped = info.readable.pipeTo(target.writable)
    drop()
    await expect(piped).rejects.toMatchObject({ closeCode: 1006 })
    expect(await target.stream.closed).toEqual({ closeCode: 1005, reason: '' })
    expect(sent()).toEqual(['88 '])
  })

  const givenUp: [title: string, end: (info: WebSocketOpenInfo, reason: unknown) => Promise<unknown>][] = [
    ['writer.abort', ({ writable }, reason) => writable.abort(reason)],
    ['reader.cancel', ({ readable }, reason) => readable.cancel(reason)],
  ]
  it.each(givenUp)('closes by %s with an error that tells of the end of another connection', async (_title, end) => {
    answering('', '8800')
    const { info, drop } = await lost()
    drop()
    const error = await info.readable
      .getReader()
      .read()
      .catch((reason: unknown) => reason)
    const target = await open()
    await end(target, error)
    expect(await target.stream.closed).toEqual({ closeCode: 1005, reason: '' })
    expect(sent()).toEqual(['88 '])
  })

  it('rejects opened and closed when there is no connection, with the reason as cause', async () => {
    const stream = new WebSocketStream('ws://127.0.0.1:1')
    const [opened, closed] = await Promise.all(
      [stream.opened, stream.closed].map((one: Promise<unknown>) => one.catch((e: unknown) => e)),
    )
    expect(opened).toBe(closed)
    expect(opened).toBeInstanceOf(WebSocketError)
    expect((opened as Error).cause).toBeInstanceOf(HandshakeError)
  })

  it('is given up by the signal while connecting, with its reason, and not afterwards', async () => {
    const reason = new Error('enough')
    const stream = new WebSocketStream(server.url, { signal: AbortSignal.abort(reason) })
    await expect(stream.opened).rejects.toBe(reason)
    await expect(stream.closed).rejects.toBe(reason)
    const controller = new AbortController()
    const { writable } = await open({ signal: controller.signal })
    controller.abort()
    await writable.getWriter().write('still here')
  })

  it('is given up by close while connecting', async () => {
    server.answer = () => {}
    const stream = new WebSocketStream(server.url)
    stream.close()
    await expect(stream.opened).rejects.toBeInstanceOf(WebSocketError)
    await expect(stream.closed).rejects.toMatchObject({ closeCode: 1006 })
  })
})

describe('back-pressure of a WebSocketStream', () => {
  const FRAME = Buffer.concat([hex('827f 0000000000010000'), Buffer.alloc(65_536)])
  const COUNT = 1000

  it('holds the server back while nobody reads, from the beginning on', async () => {
    let written = 0
    server.answer = ({ key, socket }) => {
      socket.write(accepted(key))
      const write = (): void => {
        while (written < COUNT) {
          written++
          if (!socket.write(FRAME)) break
        }
      }
      socket.on('drain', write)
      write()
    }
    const { readable } = await open()
    await turnsUntilStill(() => written)
    expect(written).toBeLessThan(COUNT)
    let read = 0
    for await (const message of readable) {
      read += message.length
      if (read === COUNT * 65_536) break
    }
    expect(written).toBe(COUNT)
  })

  it('holds the writer back while the server does not read', async () => {
    let resume: () => void = () => {}
    server.answer = ({ key, socket }) => {
      socket.write(accepted(key))
      socket.pause()
      resume = () => socket.resume()
    }
    const { writable } = await open()
    const writer = writable.getWriter()
    let written = 0
    const all = (async () => {
      for (; written < 500; written++) await writer.write(new Uint8Array(65_536))
    })()
    await turnsUntilStill(() => written)
    expect(written).toBeLessThan(500)
    resume()
    await all
    expect(written).toBe(500)
  })
})

describe('WebSocketError', () => {
  it('is a DOMException with a code and a reason, and refuses what nobody may send', () => {
    const error = new WebSocketError('gone', { reason: 'bye' })
    expect(error).toBeInstanceOf(DOMException)
    expect(error).toMatchObject({ name: 'WebSocketError', message: 'gone', closeCode: 1000, reason: 'bye', code: 0 })
    expect(new WebSocketError()).toMatchObject({ message: '', closeCode: null, reason: '' })
    for (const closeCode of [0, 999, 1005, 2999, 5000])
      expect(() => new WebSocketError('', { closeCode })).toThrow(
        expect.objectContaining({ name: 'InvalidAccessError' }),
      )
  })
})

describe('the event face, read one by one', () => {
  it('loops over messages and ends with a clean close', async () => {
    const { WebSocket } = await import('../../src/node/websocket.ts')
    answering('8102 6869 8103 796f75 8802 03e8')
    const socket = await WebSocket.connect(server.url, { closeTimeout: 200 })
    const seen: unknown[] = []
    for await (const message of socket) seen.push(message)
    expect(seen).toEqual(['hi', 'you'])
    expect(() => socket[Symbol.asyncIterator]()).toThrow(/already/)
    await once(socket, 'close')
  })
})
