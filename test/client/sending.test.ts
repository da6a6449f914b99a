import { Blob } from 'node:buffer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deferred } from '../../src/node/deferred.ts'
import type { CloseEvent } from '../../src/node/events.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import type { WebSocketOptions } from '../../src/node/client-options.ts'
import { accepted, RawServer } from './raw-server.ts'

const server = new RawServer()
/** Tells that something came from the client. */
let heard: () => void = () => {}
beforeEach(async () => {
  heard = () => {}
  await server.listen()
  server.answer = ({ head, key, socket }) => {
    const deflates = head.includes('permessage-deflate')
    socket.write(accepted(key, deflates ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : ''))
    socket.on('data', () => heard())
  }
})
afterEach(() => server.close())

/** Opcode byte and unmasked payload of every frame of at most 125 bytes that came. */
function frames(): string[] {
  const wire = Buffer.concat(server.received)
  const seen: string[] = []
  for (let at = 0; at < wire.length;) {
    const length = wire[at + 1]! & 0x7f
    const payload = Buffer.from(wire.subarray(at + 6, at + 6 + length))
    for (let i = 0; i < length; i++) payload[i]! ^= wire[at + 2 + (i % 4)]!
    seen.push(`${wire[at]!.toString(16)} ${wire[at] === 0x88 ? payload.toString('hex') : payload}`)
    at += 6 + length
  }
  return seen
}

/** Resolves when so many frames have come, with all of them. */
function framesSent(count: number): Promise<string[]> {
  return new Promise((resolve) => {
    heard = () => {
      const seen = frames()
      if (seen.length >= count) resolve(seen)
    }
    heard()
  })
}

const connect = (options: WebSocketOptions = {}): Promise<WebSocket> =>
  WebSocket.connect(server.url, { perMessageDeflate: false, ...options })

const ended = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((resolve) => socket.addEventListener('close', resolve as never))

const MIB = 1024 * 1024

describe('the limit of what a client has not sent', () => {
  const options = { perMessageDeflate: true, maxBufferedAmount: 4 * MIB, closeTimeout: 100 }

  it('holds for what waits to be compressed: the connection fails with 1013', async () => {
    const socket = await connect(options)
    const close = ended(socket)
    let sent = 0
    for (; socket.readyState === WebSocket.OPEN && sent < 100; sent++) {
      expect(socket.send(new Uint8Array(MIB))).toBe(false)
    }
    // The one that is over it may still come, and the next finds it so.
    expect(sent).toBe(6)
    expect(await close).toMatchObject({ wasClean: false, code: 1006, cause: 'backpressure' })
    expect(frames().map((frame) => frame.slice(0, 7))).toEqual(['88 03f5'])
  })

  it('holds for Blobs that have yet to be read and what is sent behind them', async () => {
    const socket = await connect({ ...options, perMessageDeflate: false })
    const close = ended(socket)
    const blob = new Blob(['b'])
    // A Blob may lie in a file, and the file may not answer.
    blob.arrayBuffer = () => new Promise(() => {})
    socket.send(blob)
    let sent = 0
    for (; socket.readyState === WebSocket.OPEN && sent < 100; sent++) socket.send(new Uint8Array(MIB))
    expect(sent).toBe(5)
    expect(await close).toMatchObject({ wasClean: false, code: 1006, cause: 'backpressure' })
    expect(frames().map((frame) => frame.slice(0, 7))).toEqual(['88 03f5'])
    expect(socket.bufferedAmount).toBe(5 * MIB + 1)
  })

  it('has sendAsync tell that what waited was dropped', async () => {
    const socket = await connect(options)
    const sent: Promise<boolean>[] = []
    while (socket.readyState === WebSocket.OPEN && sent.length < 100) sent.push(socket.sendAsync(new Uint8Array(MIB)))
    expect(await Promise.all(sent)).toEqual(Array.from({ length: 6 }, () => false))
  })
})

describe('what a client counts as sent', () => {
  it('is every message, whichever way it was sent', async () => {
    const socket = await connect()
    socket.send('by send')
    const writer = socket.stream().writable.getWriter()
    await writer.write('by a stream')
    socket.send(new Blob(['as a Blob']))
    expect(await framesSent(3)).toEqual(['81 by send', '81 by a stream', '82 as a Blob'])
    expect(socket.stats().messagesOut).toBe(3)
    socket.terminate()
  })

  it('is nothing before it is open', async () => {
    const socket = new WebSocket(server.url)
    expect(socket.stats()).toEqual({ bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 })
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    socket.send('hello')
    await framesSent(1)
    expect(socket.stats()).toEqual({ bytesIn: 0, bytesOut: 11, messagesIn: 0, messagesOut: 1 })
    socket.terminate()
  })
})

describe('bufferedAmount', () => {
  it.each([
    ['five bytes', 'hello', 5],
    ['bytes beyond ASCII', 'µµ', 4],
  ])('counts %s that wait for a message in fragments to end', async (_title, message, length) => {
    const socket = await connect()
    const writer = socket.startMessage({ text: true })
    void writer.write('a')
    socket.send(message)
    expect(socket.bufferedAmount).toBe(length)
    void writer.end('b')
    expect(await framesSent(3)).toEqual(['1 a', '80 b', `81 ${message}`])
    expect(socket.bufferedAmount).toBe(0)
    socket.terminate()
  })
})

describe('the streams of a client', () => {
  it('close behind the Blobs that were sent before', async () => {
    const socket = await connect()
    const { writable } = socket.stream()
    socket.send(new Blob(['a Blob']))
    await writable.close()
    expect(await framesSent(2)).toEqual(['82 a Blob', '88 03e8'])
    socket.terminate()
  })

  it('write behind the Blobs that were sent before', async () => {
    const socket = await connect()
    const writer = socket.stream().writable.getWriter()
    socket.send(new Blob(['a Blob']))
    await writer.write('text')
    expect(await framesSent(2)).toEqual(['82 a Blob', '81 text'])
    socket.terminate()
  })

  it('take nothing but strings and bytes, and nothing once it is closed', async () => {
    const socket = await connect()
    const { writable } = socket.stream()
    await expect(writable.getWriter().write(5 as never)).rejects.toThrow(TypeError)
    socket.terminate()
    const other = await connect()
    const writer = other.stream().writable.getWriter()
    other.terminate()
    await expect(writer.write('late')).rejects.toThrow('no longer open')
  })
})

describe('drain behind Blobs', () => {
  const drained = (socket: WebSocket): Promise<unknown> =>
    new Promise((resolve) => socket.addEventListener('drain', resolve, { once: true }))

  it('follows when send has answered false for the Blobs that wait', async () => {
    const socket = await connect()
    const drain = drained(socket)
    const blob = new Blob([new Uint8Array(100_000)])
    expect([socket.send(blob), socket.send(blob), socket.send(blob)]).toEqual([true, true, false])
    await drain
    expect(socket.send('more')).toBe(true)
    socket.terminate()
  })

  it('comes once, when neither Blobs nor output wait', async () => {
    const socket = await connect()
    let drains = 0
    socket.addEventListener('drain', () => drains++)
    const drain = drained(socket)
    expect(socket.send(new Uint8Array(8 * MIB))).toBe(false)
    expect(socket.send(new Blob([new Uint8Array(MIB)]))).toBe(false)
    expect(socket.send(new Blob([new Uint8Array(MIB)]))).toBe(false)
    await drain
    expect(socket.send(new Blob(['more']))).toBe(true)
    expect(await socket.sendAsync('the last')).toBe(true)
    expect(drains).toBe(1)
    socket.terminate()
  })
})

describe('sendAsync and ready', () => {
  it('send nothing when the signal is aborted already', async () => {
    const socket = await connect()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(socket.sendAsync('never', { signal })).rejects.toThrow('enough')
    socket.send('now')
    expect(await framesSent(1)).toEqual(['81 now'])
    socket.terminate()
  })

  it('tell that nothing was sent when the connection is closing or closed', async () => {
    const socket = await connect()
    socket.close()
    expect(await Promise.all([socket.sendAsync('late'), socket.ready()])).toEqual([false, false])
    socket.terminate()
    expect(await Promise.all([socket.sendAsync('late'), socket.ready()])).toEqual([false, false])
  })

  it('wait for the Blobs before them, which are still to be sent when the connection ends', async () => {
    const socket = await connect()
    const blob = new Blob([new Uint8Array(300_000)])
    socket.send(blob)
    const waits = [socket.sendAsync('behind it'), socket.ready()]
    socket.terminate()
    expect(await Promise.all(waits)).toEqual([false, false])
  })

  it('tell that nothing was sent when the server has closed while Blobs waited', async () => {
    let closeIt: () => void = () => {}
    const { answer } = server
    server.answer = (request) => {
      answer(request)
      closeIt = () => request.socket.write(Buffer.from('8800', 'hex'))
    }
    const socket = await connect({ closeTimeout: 100 })
    const closed = ended(socket)
    const read = new Deferred<ArrayBuffer>()
    const blob = new Blob(['late'])
    blob.arrayBuffer = () => read.promise
    socket.send(blob)
    const wait = socket.sendAsync('behind it')
    closeIt()
    await framesSent(1)
    read.resolve(new ArrayBuffer(4))
    expect(await wait).toBe(false)
    await closed
    expect(frames()).toEqual(['88 '])
    expect(socket.bufferedAmount).toBe(13)
  })

  it('resolve to true once Blobs and what was sent behind them have left', async () => {
    const socket = await connect()
    socket.send(new Blob([new Uint8Array(300_000)]))
    expect(await Promise.all([socket.sendAsync('behind it'), socket.ready()])).toEqual([true, true])
    expect(socket.bufferedAmount).toBe(0)
    expect(socket.stats().messagesOut).toBe(2)
    socket.terminate()
  })
})

describe('a message in fragments', () => {
  /** A Blob of four bytes, and what lets it be read. */
  function slowBlob(): { blob: Blob; read: () => void } {
    const bytes = new Deferred<ArrayBuffer>()
    const blob = new Blob(['Blob'])
    blob.arrayBuffer = () => bytes.promise
    return { blob, read: () => bytes.resolve(new Uint8Array(Buffer.from('Blob')).buffer) }
  }

  it('comes behind the Blobs that were sent before, and before what is sent behind it', async () => {
    const socket = await connect()
    const { blob, read } = slowBlob()
    socket.send(blob)
    const first = socket.startMessage({ text: true })
    const written = [first.write('a\ud83d'), first.end('\ude00')]
    socket.send(new Blob(['behind']))
    written.push(socket.startMessage().end(Buffer.from('c')))
    expect(socket.bufferedAmount).toBe(4 + 5 + 6 + 1)
    read()
    expect(await framesSent(5)).toEqual(['82 Blob', '1 a', '80 \u{1f600}', '82 behind', '82 c'])
    expect(await Promise.all(written)).toEqual([true, true, true])
    expect(socket.bufferedAmount).toBe(0)
    expect(socket.stats().messagesOut).toBe(4)
    socket.terminate()
  })

  it('goes on once its turn has come, whatever waits behind it', async () => {
    const socket = await connect()
    const [before, behind] = [slowBlob(), slowBlob()]
    socket.send(before.blob)
    const writer = socket.startMessage({ text: true })
    const begun = writer.write('a')
    socket.send(behind.blob)
    before.read()
    expect(await begun).toBe(true)
    expect(await writer.end('b')).toBe(true)
    expect(await framesSent(3)).toEqual(['82 Blob', '1 a', '80 b'])
    behind.read()
    expect((await framesSent(4)).at(-1)).toBe('82 Blob')
    socket.terminate()
  })

  it('goes on at once when it had begun before the Blob', async () => {
    const socket = await connect()
    const { blob, read } = slowBlob()
    const writer = socket.startMessage({ text: true })
    void writer.write('a')
    socket.send(blob)
    void writer.write('b')
    expect(await framesSent(2)).toEqual(['1 a', '0 b'])
    read()
    await writer.end()
    expect(await framesSent(4)).toEqual(['1 a', '0 b', '80 ', '82 Blob'])
    socket.terminate()
  })

  it('is not written any more behind close, and the Close frame comes last (RFC 6455 5.5.1)', async () => {
    const socket = await connect()
    const { blob, read } = slowBlob()
    socket.send(blob)
    const writer = socket.startMessage({ text: true })
    const inTime = writer.write('in time')
    socket.close(3000)
    expect(await writer.end('late')).toBe(false)
    expect(await socket.startMessage().end('later')).toBe(false)
    read()
    await inTime
    expect(await framesSent(3)).toEqual(['82 Blob', '1 in time', '88 0bb8'])
    socket.terminate()
  })

  it('that had begun is not written any more behind close either', async () => {
    const socket = await connect({ closeTimeout: 100 })
    const { blob } = slowBlob()
    const closed = ended(socket)
    const writer = socket.startMessage({ text: true })
    await writer.write('a')
    socket.send(blob)
    socket.close(3000)
    expect(await writer.end('late')).toBe(false)
    await closed
    expect(frames()).toEqual(['1 a', '88 0bb8'])
  })

  it('tells that it was not sent when its turn never comes', async () => {
    const socket = await connect()
    socket.send(slowBlob().blob)
    const writer = socket.startMessage()
    const written = [writer.write('a'), writer.end('b')]
    socket.terminate()
    expect(await Promise.all(written)).toEqual([false, false])
    expect(socket.stats().messagesOut).toBe(0)
  })

  it('is no way around the limit of what may wait', async () => {
    const socket = await connect({ maxBufferedAmount: 4 * MIB, closeTimeout: 100 })
    const closed = ended(socket)
    socket.send(slowBlob().blob)
    const writer = socket.startMessage()
    const written: Promise<boolean>[] = []
    while (socket.readyState === WebSocket.OPEN && written.length < 100) written.push(writer.write(new Uint8Array(MIB)))
    expect(written).toHaveLength(5)
    expect(new Set(await Promise.all(written))).toEqual(new Set([false]))
    expect(await closed).toMatchObject({ code: 1006, cause: 'backpressure' })
    expect(frames().map((frame) => frame.slice(0, 7))).toEqual(['88 03f5'])
  })
})

describe('Blobs', () => {
  it('are sent once each, also one that a tap sends while another is being compressed', async () => {
    const socket = await connect({ perMessageDeflate: { threshold: 0 } })
    const plain: string[] = []
    socket.tap({
      payload(seen) {
        plain.push(Buffer.from(seen.plain as Uint8Array).toString())
        if (plain.length === 1) socket.send(new Blob(['two']))
      },
    })
    socket.send(new Blob(['one']))
    await framesSent(2)
    expect(await socket.sendAsync('three')).toBe(true)
    expect(plain).toEqual(['one', 'two', 'three'])
    socket.terminate()
  })
})

describe('closing behind a Blob that cannot be read', () => {
  it('sends the Close frame after closeTimeout, without what waits', async () => {
    const socket = await connect({ closeTimeout: 100 })
    const closed = ended(socket)
    const blob = new Blob(['never'])
    blob.arrayBuffer = () => new Promise(() => {})
    socket.send(new Blob(['a Blob']))
    socket.send(blob)
    const behind = socket.sendAsync('behind it')
    socket.close(3000)
    expect(await behind).toBe(false)
    await closed
    expect(frames()).toEqual(['82 a Blob', '88 0bb8'])
    expect(socket.bufferedAmount).toBe(14)
  })
})
