/**
 * What the web-platform-tests ask of a WebSocket, as far as it applies outside a page; WHATWG WebSockets 3.
 */
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from '../../src/node/websocket.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import { CloseEvent, MessageEvent } from '../../src/node/events.ts'

const server = new WebSocketServer({
  perMessageDeflate: true,
  upgrade: ({ protocols }) => ({ protocol: protocols[0] }),
  message(socket, message) {
    if (message === 'close') socket.close(4001, 'asked for')
    else if (message === 'close without a code') socket.close()
    else if (message === 'leave') socket.terminate()
    else socket.send(message)
  },
})
let url: string
beforeAll(async () => {
  await server.listen(0, '127.0.0.1')
  url = `ws://127.0.0.1:${(server.address() as { port: number }).port}/`
})
afterAll(async () => {
  await server.shutdown({ deadlineMs: 100 })
})

type Events = 'open' | 'message' | 'close' | 'error' | 'pong' | 'drain'
const next = <T extends Event>(socket: WebSocket, type: Events): Promise<T> =>
  new Promise((resolve) => socket.addEventListener(type, (event) => resolve(event as unknown as T), { once: true }))

async function open(options?: ConstructorParameters<typeof WebSocket>[1]): Promise<WebSocket> {
  const socket = new WebSocket(url, options)
  await next(socket, 'open')
  return socket
}

/** The name of what a call throws. */
function nameOfThrown(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    return (error as Error).name
  }
}

const AT_NOBODY = 'ws://127.0.0.1:1'

describe('the constructor (3.1)', () => {
  const refused: [title: string, make: () => unknown, name: string][] = [
    ['no argument', () => Reflect.construct(WebSocket, []), 'TypeError'],
    ['no new', () => Reflect.apply(WebSocket as never, undefined, [AT_NOBODY]), 'TypeError'],
    ['no URL', () => new WebSocket('http:///'), 'SyntaxError'],
    ['a relative URL where there is no page', () => new WebSocket('/chat'), 'SyntaxError'],
    ['a space in the host', () => new WebSocket('ws://foo bar.com/'), 'SyntaxError'],
    ['a port of 65536', () => new WebSocket('ws://127.0.0.1:65536'), 'SyntaxError'],
    ['the scheme ftp:', () => new WebSocket('ftp://127.0.0.1'), 'SyntaxError'],
    ['the scheme mailto:', () => new WebSocket('mailto:someone'), 'SyntaxError'],
    ['about:blank', () => new WebSocket('about:blank'), 'SyntaxError'],
    ['a fragment', () => new WebSocket(`${AT_NOBODY}/#here`), 'SyntaxError'],
    ['an empty fragment', () => new WebSocket(`${AT_NOBODY}/#`), 'SyntaxError'],
    ['an empty subprotocol', () => new WebSocket(AT_NOBODY, ''), 'SyntaxError'],
    ['a subprotocol with a space', () => new WebSocket(AT_NOBODY, 'ec ho'), 'SyntaxError'],
    ['a subprotocol beyond ASCII', () => new WebSocket(AT_NOBODY, '\u0080echo'), 'SyntaxError'],
    ['a subprotocol with a separator', () => new WebSocket(AT_NOBODY, 'a,b'), 'SyntaxError'],
    ['a subprotocol twice', () => new WebSocket(AT_NOBODY, ['echo', 'echo']), 'SyntaxError'],
    ['a line feed in a subprotocol', () => new WebSocket(AT_NOBODY, 'a\r\nX: y'), 'SyntaxError'],
  ]
  it.each(refused)('refuses %s', (_title, make, name) => {
    expect(nameOfThrown(make)).toBe(name)
  })

  const resolved: [given: string, url: string][] = [
    ['ws://example.test', 'ws://example.test/'],
    ['WS://EXAMPLE.test:80/a b', 'ws://example.test/a%20b'],
    ['wss://example.test:443/?x#'.slice(0, -1), 'wss://example.test/?x'],
    ['http://example.test:8080/p', 'ws://example.test:8080/p'],
    ['https://example.test/p?q', 'wss://example.test/p?q'],
  ]
  it.each(resolved)('resolves %s to %s', (given, expected) => {
    const socket = new WebSocket(given, { signal: AbortSignal.abort() })
    expect(socket.url).toBe(expected)
    expect(socket.readyState).toBe(WebSocket.CONNECTING)
  })

  it('resolves a relative URL against the page, where there is one', () => {
    const scope = globalThis as { location?: { href: string } | undefined }
    scope.location = { href: 'https://example.test/app/' }
    try {
      expect(new WebSocket('chat', { signal: AbortSignal.abort() }).url).toBe('wss://example.test/app/chat')
    } finally {
      delete scope.location
    }
  })

  it('takes subprotocols that differ in case, a single one, any iterable, and tells the one agreed on', async () => {
    for (const protocols of [['echo', 'Echo'], 'echo', new Set(['echo', 'b'])]) {
      const socket = await open(protocols)
      expect(socket.protocol).toBe('echo')
      socket.close()
    }
    const socket = await open([])
    expect(socket.protocol).toBe('')
    socket.close()
  })

  it('has its constants on the class, the prototype, and so on every instance, where nobody can change them', () => {
    const socket = new WebSocket(AT_NOBODY)
    for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })) {
      for (const holder of [WebSocket, WebSocket.prototype])
        expect(Object.getOwnPropertyDescriptor(holder, name)).toEqual({
          value,
          enumerable: true,
          writable: false,
          configurable: false,
        })
      expect(Reflect.get(socket, name)).toBe(value)
    }
    expect(Object.prototype.toString.call(socket)).toBe('[object WebSocket]')
    expect(socket).toBeInstanceOf(EventTarget)
  })
})

describe('send (3.1)', () => {
  it('throws InvalidStateError while connecting, and sends nothing', async () => {
    const socket = new WebSocket(url)
    expect(nameOfThrown(() => socket.send('early'))).toBe('InvalidStateError')
    expect(socket.bufferedAmount).toBe(0)
    socket.close()
    await next(socket, 'close')
  })

  const sent: [title: string, message: unknown, text: string][] = [
    ['the empty string', '', ''],
    ['null', null, 'null'],
    ['a number: never that many bytes of memory', 5, '5'],
    ['an object', { toString: () => 'as it says' }, 'as it says'],
    ['text beyond ASCII', 'µ漢😀', 'µ漢😀'],
    ['surrogate pairs', '\ud801\udc07', '\ud801\udc07'],
    ['a lone surrogate, which is no Unicode', 'a\ud807b', 'a\ufffdb'],
    ['65,000 characters', 'c'.repeat(65_000), 'c'.repeat(65_000)],
  ]
  it.each(sent)('sends %s', async (_title, message, text) => {
    const socket = await open()
    const answer = next<MessageEvent>(socket, 'message')
    socket.send(message as string)
    expect((await answer).data).toBe(text)
    socket.close()
  })

  const source = Uint8Array.from({ length: 32 }, (_, at) => at)
  const binaries: [title: string, message: ArrayBuffer | ArrayBufferView | Blob, bytes: Uint8Array][] = [
    ['an ArrayBuffer', source.slice().buffer, source],
    ['an ArrayBuffer of another realm', runInNewContext('new Uint8Array([7, 8]).buffer'), Uint8Array.of(7, 8)],
    ['an empty ArrayBuffer', new ArrayBuffer(0), new Uint8Array(0)],
    ['a Uint8Array with an offset', source.subarray(3, 9), source.subarray(3, 9)],
    ['an Int16Array', new Int16Array(source.buffer, 2, 4), source.subarray(2, 10)],
    ['a Float64Array', new Float64Array(source.buffer, 8, 2), source.subarray(8, 24)],
    ['a DataView', new DataView(source.buffer, 30), source.subarray(30)],
    ['a Blob', new Blob([source]), source],
    ['an empty Blob', new Blob([]), new Uint8Array(0)],
  ]
  it.each(binaries)('sends %s', async (_title, message, bytes) => {
    const socket = await open()
    socket.binaryType = 'arraybuffer'
    const answer = next<MessageEvent<ArrayBuffer>>(socket, 'message')
    socket.send(message as Blob)
    expect(new Uint8Array((await answer).data)).toEqual(Uint8Array.from(bytes))
    socket.close()
  })

  it('keeps the order of Blobs and what is sent after them, and close waits for all', async () => {
    const socket = await open()
    socket.binaryType = 'bytes'
    const seen: unknown[] = []
    socket.onmessage = ({ data }) =>
      seen.push(typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString())
    socket.send(new Blob(['1']))
    socket.send('2')
    socket.send(new Blob(['3'.repeat(100_000)]))
    socket.send('4')
    expect(socket.bufferedAmount).toBe(100_003)
    const last = new Promise<void>((resolve) => {
      socket.addEventListener('message', () => seen.length === 4 && resolve())
    })
    await last
    expect(seen.map((one) => String(one)[0])).toEqual(['1', '2', '3', '4'])
    socket.send(new Blob(['5']))
    socket.close(3000)
    expect(socket.readyState).toBe(WebSocket.CLOSING)
    const received = server.clients.size
    const { wasClean, code } = await next<CloseEvent>(socket, 'close')
    expect({ wasClean, code }).toEqual({ wasClean: true, code: 3000 })
    expect(received).toBeGreaterThan(0)
  })

  it('sends what waits for a Blob as it was told to: bytes as text', async () => {
    const socket = await open()
    const seen: unknown[] = []
    socket.send(new Blob(['a']), { text: true })
    socket.send(Buffer.from('b'), { text: true })
    await new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => void (seen.push(data) === 2 && resolve())
    })
    expect(seen).toEqual(['a', 'b'])
    socket.close()
  })

  it.each([
    ['text', 'µ'.repeat(500), 1000],
    ['bytes', new Uint8Array(10_000), 10_000],
  ])('counts bufferedAmount in bytes of %s within the turn, and none later', async (_title, message, length) => {
    const socket = await open({ perMessageDeflate: false })
    const answer = next(socket, 'message')
    socket.send(message)
    expect(socket.bufferedAmount).toBe(length)
    await answer
    expect(socket.bufferedAmount).toBe(0)
    socket.close()
  })

  it('drops what comes after close, and counts it for ever', async () => {
    const socket = await open()
    socket.close()
    socket.send('abc')
    expect(socket.bufferedAmount).toBe(3)
    await next(socket, 'close')
    socket.send(new Uint8Array(7))
    socket.send(new Blob(['de']))
    expect(socket.bufferedAmount).toBe(12)
  })
})

describe('close (3.1)', () => {
  const refused: [title: string, code: unknown, reason: unknown, name: string][] = [
    ['0', 0, undefined, 'InvalidAccessError'],
    ['999', 999, undefined, 'InvalidAccessError'],
    ['1001', 1001, undefined, 'InvalidAccessError'],
    ['1006', 1006, undefined, 'InvalidAccessError'],
    ['2999', 2999, undefined, 'InvalidAccessError'],
    ['5000', 5000, undefined, 'InvalidAccessError'],
    ['null', null, undefined, 'InvalidAccessError'],
    ['a string', 'string', undefined, 'InvalidAccessError'],
    ['65536 + 1000, which does not wrap', 66_536, undefined, 'InvalidAccessError'],
    ['a typed array, which shows no memory', new Float32Array(4), undefined, 'InvalidAccessError'],
    ['a reason of 124 bytes', 1000, 'r'.repeat(124), 'SyntaxError'],
    ['a reason of 62 characters and 124 bytes', 1000, 'µ'.repeat(62), 'SyntaxError'],
  ]
  it.each(refused)('refuses %s, and changes nothing', async (_title, code, reason, name) => {
    const socket = await open()
    expect(nameOfThrown(() => socket.close(code as number, reason as string))).toBe(name)
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.close()
    await next(socket, 'close')
  })

  const accepted: [title: string, args: [code?: number | undefined, reason?: string], code: number][] = [
    ['nothing', [], 1005],
    ['undefined', [undefined], 1005],
    ['1000', [1000], 1000],
    ['1000.4, which is clamped', [1000.4], 1000],
    ['3000 with a reason', [3000, 'reason'], 3000],
    ['4999 with 123 bytes', [4999, 'r'.repeat(123)], 4999],
    ['a lone surrogate in the reason', [1000, '\ud807'], 1000],
    ['a reason alone', [undefined, 'reason'], 1000],
  ]
  it.each(accepted)('takes %s', async (_title, args, code) => {
    const socket = await open()
    const end = next<CloseEvent>(socket, 'close')
    socket.close(...args)
    expect(socket.readyState).toBe(WebSocket.CLOSING)
    expect(await end).toMatchObject({ wasClean: true, code, cause: 'local' })
    socket.close(...args)
    expect(socket.readyState).toBe(WebSocket.CLOSED)
  })

  it('gives up at once when it is called in the turn of the constructor', async () => {
    const socket = new WebSocket(url)
    socket.close(1000)
    expect(socket.readyState).toBe(WebSocket.CLOSING)
    const types: string[] = []
    for (const type of ['open', 'error'] as const) socket.addEventListener(type, () => types.push(type))
    expect(await next(socket, 'close')).toMatchObject({ wasClean: false, code: 1006, cause: 'local' })
    expect(types).toEqual(['error'])
  })

  it('hears no message once it is closing', async () => {
    const socket = await open()
    let messages = 0
    socket.onmessage = () => messages++
    socket.send('one')
    socket.send('two')
    socket.close()
    await next(socket, 'close')
    expect(messages).toBe(0)
  })

  it('tells the code and reason of the server', async () => {
    const socket = await open()
    socket.send('close')
    expect(await next(socket, 'close')).toMatchObject({
      wasClean: true,
      code: 4001,
      reason: 'asked for',
      cause: 'peer',
    })
    const other = await open()
    other.send('close without a code')
    expect(await next(other, 'close')).toMatchObject({ wasClean: true, code: 1005, reason: '' })
  })

  it('tells 1006 when TCP ends without a Close frame', async () => {
    const socket = await open()
    socket.send('leave')
    expect(await next(socket, 'close')).toMatchObject({ wasClean: false, code: 1006, reason: '' })
  })
})

describe('the interface, as idlharness looks at it', () => {
  it('has functions as long as they have required arguments', () => {
    const { prototype } = WebSocket
    expect([WebSocket.length, prototype.send.length, prototype.close.length]).toEqual([1, 1, 0])
    expect([MessageEvent.length, CloseEvent.length]).toEqual([1, 1])
  })

  it('makes a MessageEvent without an init', () => {
    expect(new MessageEvent('message')).toMatchObject({ type: 'message', data: null, origin: '', lastEventId: '' })
    expect(new MessageEvent('message', {}).data).toBe(null)
    expect(new MessageEvent('message', { data: 0, origin: 'wss://a.test' })).toMatchObject({ data: 0 })
  })
})

describe('events (3.2)', () => {
  it('come in order, each with the state it stands for and the socket as target', async () => {
    const socket = new WebSocket(url)
    const seen: string[] = []
    const note = (event: Event): void => {
      expect(event.target).toBe(socket)
      expect(event.bubbles || event.cancelable).toBe(false)
      seen.push(`${event.type} ${socket.readyState} ${event.constructor.name}`)
      if (event.type === 'open') socket.send('hi')
      if (event.type === 'message') socket.close()
    }
    for (const type of ['open', 'message', 'error'] as const) socket.addEventListener(type, note)
    await new Promise<void>((resolve) => {
      socket.onclose = (event) => {
        note(event)
        resolve()
      }
    })
    expect(seen).toEqual(['open 1 Event', 'message 1 MessageEvent', 'close 3 CloseEvent'])
  })

  it('tell where a message comes from', async () => {
    const socket = await open()
    socket.send('hi')
    const event = await next<MessageEvent>(socket, 'message')
    expect(event.origin).toBe(new URL(url).origin)
    expect([event.lastEventId, event.source, event.ports]).toEqual(['', null, []])
    socket.close()
  })

  it('fail without a server with an error and then a close event', async () => {
    const socket = new WebSocket(AT_NOBODY)
    const types: string[] = []
    socket.onerror = ({ type, message }) => types.push(`${type} ${message}`)
    const { code, wasClean } = await next<CloseEvent>(socket, 'close')
    expect({ code, wasClean }).toEqual({ code: 1006, wasClean: false })
    expect(types).toEqual([expect.stringMatching(/^error .*ECONNREFUSED/)])
  })

  it('call a handler in the place where the first one was set, with the socket as this', async () => {
    const socket = await open()
    const calls: string[] = []
    socket.onmessage = () => calls.push('never')
    socket.addEventListener('message', () => calls.push('listener'))
    socket.onmessage = function (this: unknown) {
      calls.push(this === socket ? 'handler' : 'wrong this')
    }
    socket.send('x')
    await next(socket, 'message')
    expect(calls).toEqual(['handler', 'listener'])
    socket.onmessage = null
    expect(socket.onmessage).toBeNull()
    socket.onmessage = () => calls.push('last')
    socket.send('x')
    await next(socket, 'message')
    expect(calls.slice(2)).toEqual(['listener', 'last'])
    socket.close()
  })

  it('keep any object as handler, and nothing else', () => {
    const socket = new WebSocket(AT_NOBODY)
    const object = {}
    socket.onerror = object as never
    expect(socket.onerror).toBe(object)
    socket.onerror = 5 as never
    expect(socket.onerror).toBeNull()
  })

  it('respect once, signal, handleEvent, and a listener that is there already', async () => {
    const socket = await open()
    const calls: string[] = []
    const controller = new AbortController()
    const twice = (): unknown => calls.push('same')
    socket.addEventListener('message', () => calls.push('once'), { once: true })
    socket.addEventListener('message', () => calls.push('signal'), { signal: controller.signal })
    socket.addEventListener('message', { handleEvent: () => calls.push('object') })
    socket.addEventListener('message', twice)
    socket.addEventListener('message', twice)
    socket.send('x')
    await next(socket, 'message')
    expect(calls.splice(0)).toEqual(['once', 'signal', 'object', 'same'])
    controller.abort()
    socket.removeEventListener('message', twice)
    socket.send('x')
    await next(socket, 'message')
    expect(calls).toEqual(['object'])
    socket.close()
  })

  it('deliver a ping and a pong, beyond the standard', async () => {
    const socket = await open()
    expect(socket.ping('are you there')).toBe(true)
    const { data } = await next<MessageEvent<Uint8Array>>(socket, 'pong')
    expect(Buffer.from(data).toString()).toBe('are you there')
    expect(() => socket.ping(5 as never)).toThrow(TypeError)
    expect(() => socket.ping('p'.repeat(126))).toThrow(RangeError)
    socket.close()
  })
})

describe('binaryType (3.1)', () => {
  it('is blob, takes what it knows, ignores the rest, and holds from the next message on', async () => {
    const socket = await open()
    expect(socket.binaryType).toBe('blob')
    socket.binaryType = 'notBlobOrArrayBuffer' as never
    expect(socket.binaryType).toBe('blob')
    const seen: unknown[] = []
    for (const type of ['blob', 'arraybuffer', 'nodebuffer', 'bytes'] as const) {
      socket.binaryType = type
      const answer = next<MessageEvent>(socket, 'message')
      socket.send(Uint8Array.of(1, 2, 3))
      seen.push((await answer).data)
    }
    const [blob, arrayBuffer, buffer, bytes] = seen
    expect(new Uint8Array(await (blob as Blob).arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3))
    expect(new Uint8Array(arrayBuffer as ArrayBuffer)).toEqual(Uint8Array.of(1, 2, 3))
    expect(Buffer.isBuffer(buffer)).toBe(true)
    expect(Uint8Array.from(bytes as Uint8Array)).toEqual(Uint8Array.of(1, 2, 3))
    socket.close()
  })
})
