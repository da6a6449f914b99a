import { describe, expect, it } from 'vitest'
import { naiveDecode } from '../support/naive.ts'
import { Recorded } from '../support/record.ts'
import { shift, SlowExtension } from '../support/slow-extension.ts'
import { concat, hex, utf8 } from '../support/hex.ts'

/** What was written, one line a frame: `text. Hello`, with a dot for FIN, `~` for the extension's bit. */
function frames(socket: Recorded): string[] {
  const names: Record<number, string> = { 0: 'cont', 1: 'text', 2: 'bin', 8: 'close', 9: 'ping', 10: 'pong' }
  return naiveDecode(concat(...socket.writes)).map(({ fin, rsv, opcode, payload }) => {
    const plain = rsv === 0 ? payload : shift(payload, -1)
    const words = opcode === 8 ? [...payload].join(' ') : new TextDecoder().decode(plain)
    return `${rsv === 0 ? '' : '~'}${names[opcode]}${fin ? '.' : ''} ${words}`.trim()
  })
}

describe('Sending messages in fragments', () => {
  it('gives one frame a fragment, continuations behind the first (RFC 6455 5.4)', () => {
    const socket = new Recorded('server')
    socket.connection.sendFragment('Hel', true, false)
    socket.connection.sendFragment('l', true, false)
    socket.connection.sendFragment('o', true, true)
    socket.connection.sendFragment(hex('41'), false, true)
    socket.connection.sendFragment('b', true, false)
    socket.connection.sendFragment(hex('43'), true, true)
    expect(frames(socket)).toEqual(['text Hel', 'cont l', 'cont. o', 'bin. A', 'text b', 'cont. C'])
  })

  it('lets whole messages wait until it is over, and control frames pass (RFC 6455 5.4)', () => {
    const socket = new Recorded('server')
    socket.connection.sendFragment('a', true, false)
    socket.connection.send('first')
    socket.connection.ping(utf8('p'))
    socket.connection.send('second')
    expect(socket.connection.pendingBytes).toBe(11)
    socket.connection.sendFragment('b', true, false)
    socket.connection.sendFragment('c', true, true)
    expect(frames(socket)).toEqual(['text a', 'ping. p', 'cont b', 'cont. c', 'text. first', 'text. second'])
    expect(socket.connection.pendingBytes).toBe(0)
  })

  it('takes the next fragmented message behind whole ones that came before it (RFC 6455 5.4)', () => {
    const socket = new Recorded('server')
    socket.connection.sendFragment('a', true, false)
    socket.connection.send('whole')
    socket.connection.sendFragment('b', true, true)
    socket.connection.sendFragment('c', true, false)
    socket.connection.sendFragment('d', true, true)
    expect(frames(socket)).toEqual(['text a', 'cont. b', 'text. whole', 'text c', 'cont. d'])
  })

  it('loses what waited for a message that was never finished when it closes, and counts it (RFC 6455 5.5.1)', () => {
    const socket = new Recorded('server')
    socket.connection.sendFragment('a', true, false)
    socket.connection.send('whole')
    socket.connection.close(1000)
    expect(frames(socket)).toEqual(['text a', 'close. 3 232'])
    expect(socket.connection.pendingBytes).toBe(5)
  })

  it('sends what waited when it closes before any of that message was written, which alone is lost', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.send('one')
    socket.connection.sendFragment('lost', true, false)
    socket.connection.send('two')
    socket.connection.close(1000)
    extension.finishEncoding()
    extension.finishEncoding()
    expect(frames(socket)).toEqual(['~text. one', '~text. two', 'close. 3 232'])
    expect(socket.connection.pendingBytes).toBe(4)
  })

  it('sends the fragments it was given when it closes behind the first of them', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.sendFragment('a', true, false)
    socket.connection.sendFragment('b', true, false)
    socket.connection.send('whole')
    socket.connection.close(1000)
    extension.finishEncoding()
    extension.finishEncoding()
    expect(frames(socket).length).toBe(3)
    expect(frames(socket).at(-1)).toBe('close. 3 232')
    expect(socket.connection.pendingBytes).toBe(5)
  })

  it('counts as lost what waited when the connection failed (RFC 6455 7.1.7)', () => {
    const socket = new Recorded('server')
    socket.connection.sendFragment('a', true, false)
    socket.connection.send('whole')
    socket.connection.fail(1011, 'failed', { cause: 'local' })
    expect(socket.connection.pendingBytes).toBe(5)
  })

  it('transforms all fragments of a message or none, and marks the first alone (RFC 7692 6.1)', () => {
    const extension = new SlowExtension({ isSlow: false })
    const socket = new Recorded('server', { extension })
    socket.connection.sendFragment('a', true, false)
    socket.connection.sendFragment('b', true, true)
    const [first, second] = naiveDecode(concat(...socket.writes))
    expect([first!.rsv, second!.rsv]).toEqual([2, 0])
    expect([...first!.payload, ...second!.payload]).toEqual([0x62, 0x63])
  })
})

describe('Sending through an extension that takes its time', () => {
  it('keeps the order of messages, and lets pings pass (RFC 6455 5.4)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.send('one')
    socket.connection.send('two')
    socket.connection.send('three', true, false)
    socket.connection.ping()
    expect(frames(socket)).toEqual(['ping.'])
    expect(socket.connection.unsent.isEncoding).toBe(true)
    expect(socket.connection.pendingBytes).toBe(11)
    extension.finishEncoding()
    expect(frames(socket)).toEqual(['ping.', '~text. one'])
    extension.finishEncoding()
    expect(frames(socket)).toEqual(['ping.', '~text. one', '~text. two', 'text. three'])
    expect(socket.connection.unsent.isEncoding).toBe(false)
    expect(socket.connection.pendingBytes).toBe(0)
  })

  it('takes bytes as they are, behind others that wait (RFC 6455 5.6)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.send(utf8('one'))
    socket.connection.send(utf8('two'), false)
    socket.connection.send(utf8('three'), true, false)
    expect(socket.connection.pendingBytes).toBe(11)
    extension.finishEncoding()
    extension.finishEncoding()
    expect(frames(socket)).toEqual(['~bin. one', '~bin. two', 'text. three'])
  })

  it('goes without it below its threshold, and where the caller says so', () => {
    const extension = new SlowExtension({ isSlow: false, threshold: 4 })
    const socket = new Recorded('server', { extension })
    socket.connection.send('abc')
    socket.connection.send('abcd')
    socket.connection.send(utf8('abcd'), false, false)
    expect(frames(socket)).toEqual(['text. abc', '~text. abcd', 'bin. abcd'])
  })

  it('sends the Close frame behind everything that was sent before (RFC 6455 7.1.2)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.send('one')
    socket.connection.send('two')
    socket.connection.close(1000)
    expect(socket.connection.send('late')).toBe(false)
    extension.finishEncoding()
    expect(frames(socket)).toEqual(['~text. one'])
    extension.finishEncoding()
    expect(frames(socket)).toEqual(['~text. one', '~text. two', 'close. 3 232'])
    expect(socket.calls).toEqual(['closing'])
  })

  it('answers a Close frame, and ends TCP, only behind what was sent before (RFC 6455 5.5.1)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.send('one')
    socket.connection.receive(hex('88 82 00 00 00 00 03 e8'))
    expect(frames(socket)).toEqual([])
    expect(socket.calls).toEqual(['closing'])
    extension.finishEncoding()
    expect(frames(socket)).toEqual(['~text. one', 'close. 3 232'])
    expect(socket.calls).toEqual(['closing', 'end'])
  })

  it('sends no data behind the Close frame of a violation, whatever the extension is at (RFC 6455 5.5.1)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.send('one')
    socket.connection.send('two')
    socket.connection.receive(hex('83 80 00 00 00 00'))
    const failed = frames(socket)
    expect(failed.length).toBe(1)
    expect(failed[0]).toMatch(/^close\. 3 234/)
    expect(socket.take()).toEqual(['closing', 'end'])
    extension.finishEncoding()
    expect(frames(socket)).toEqual(failed)
    expect(extension.isEncoding).toBe(false)
    expect(socket.take()).toEqual([])
  })

  it('gives the extension back when it is terminated in the midst (RFC 6455 7.1.7)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.send('one')
    socket.connection.send('two')
    socket.connection.terminate('local')
    expect(extension.isDisposed).toBe(true)
    expect(socket.calls).toEqual(['destroy', 'closed 1006 -, not clean, local'])
    extension.finishEncoding()
    expect(frames(socket)).toEqual([])
    expect(socket.connection.pendingBytes).toBe(0)
  })

  it('encodes text as UTF-8 first, lone surrogates as U+FFFD (RFC 6455 8.1)', () => {
    const extension = new SlowExtension({ isSlow: false })
    const socket = new Recorded('server', { extension })
    socket.connection.send('€\ud800')
    expect(frames(socket)).toEqual(['~text. €\ufffd'])
  })
})
