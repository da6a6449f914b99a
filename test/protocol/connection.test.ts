import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConnectionState } from '../../src/protocol/connection-state.ts'
import { ProtocolError } from '../../src/protocol/violation.ts'
import type { CloseOutcome } from '../../src/protocol/close-outcome.ts'
import { Stall } from '../../src/protocol/stall.ts'
import { concat, hex, toHex, utf8 } from '../support/hex.ts'
import { naiveDecode, naiveEncode, withKey } from '../support/naive.ts'
import { VirtualPair } from '../support/pair.ts'
import { Recorded } from '../support/record.ts'
import { SlowExtension } from '../support/slow-extension.ts'

const KEY = hex('00 00 00 00')
const masked = (digits: string): Uint8Array => withKey(hex(digits), KEY)
const HELLO = masked('81 05 48 65 6c 6c 6f')
const PING = masked('89 01 70')
const CLOSE = masked('88 02 03 e8')
const VIOLATION = masked('83 00')

describe('What is sent', () => {
  it('leaves in one write when it is sent while a chunk is read', () => {
    const socket = new Recorded('server', {}, { message: (message) => socket.connection.send(message) })
    socket.connection.receive(concat(HELLO, HELLO, PING))
    expect(socket.writes.map(toHex)).toEqual(['81 05 48 65 6c 6c 6f 81 05 48 65 6c 6c 6f 8a 01 70'])
  })

  it('leaves at once otherwise, or when it is flushed if the handler asks for that', () => {
    const eager = new Recorded('server')
    eager.connection.send('a')
    eager.connection.send('b')
    expect(eager.writes.length).toBe(2)
    let pending = 0
    const lazy = new Recorded('server', {}, { pending: () => pending++ })
    lazy.connection.send('a')
    lazy.connection.send(hex('01'), true)
    lazy.connection.ping()
    expect([pending, lazy.writes.length, lazy.connection.pendingBytes]).toEqual([1, 0, 8])
    lazy.connection.flush()
    expect([lazy.output, lazy.writes.length]).toEqual(['81 01 61 81 01 01 89 00', 1])
    lazy.connection.flush()
    expect(lazy.writes.length).toBe(1)
    lazy.connection.send('c')
    expect(pending).toBe(2)
  })

  it('does not wait from 64 KiB on', () => {
    const socket = new Recorded('server', {}, { pending: () => {} })
    socket.connection.send(new Uint8Array(60_000))
    expect(socket.writes).toEqual([])
    socket.connection.send(new Uint8Array(6000))
    expect(concat(...socket.writes).length).toBe(66_008)
  })

  it('is text for a string and binary for bytes, unless said otherwise (RFC 6455 5.6)', () => {
    const socket = new Recorded('server')
    socket.connection.send('é')
    socket.connection.send(utf8('é'))
    socket.connection.send(utf8('é'), true)
    expect(socket.output).toBe('81 02 c3 a9 82 02 c3 a9 81 02 c3 a9')
  })

  it('does not mask the bytes of the caller, whatever their size (RFC 6455 5.3)', () => {
    for (const length of [10, 8191, 8192, 100_000]) {
      const socket = new Recorded('client')
      const bytes = new Uint8Array(length).fill(7)
      socket.connection.send(bytes)
      expect(bytes.every((byte) => byte === 7)).toBe(true)
      expect(concat(...socket.writes).length).toBeGreaterThan(length)
    }
  })

  it('may be frames that were encoded before, as long as it is open', () => {
    const socket = new Recorded('server')
    expect(socket.connection.takesEncoded).toBe(true)
    expect(socket.connection.sendEncoded(hex('81 01 61'))).toBe(true)
    socket.connection.sendFragment('a', true, false)
    expect([socket.connection.takesEncoded, socket.connection.isFragmenting]).toEqual([false, true])
    socket.connection.close()
    expect([socket.connection.takesEncoded, socket.connection.sendEncoded(hex('81 01 61'))]).toEqual([false, false])
    expect(socket.output).toBe('81 01 61 01 01 61 88 00')
  })

  it('must be a string or bytes, and a control frame at most 125 bytes; nothing changes otherwise (RFC 6455 5.5)', () => {
    const socket = new Recorded('server')
    const { connection } = socket
    const tooLong = new Uint8Array(126)
    expect(() => connection.ping(tooLong)).toThrow(/^control frame of 126 bytes, at most 125 allowed/)
    expect(() => connection.pong(tooLong)).toThrow(RangeError)
    expect(() => connection.close(1005)).toThrow(RangeError)
    expect(() => connection.close(1000, 'x'.repeat(124))).toThrow(RangeError)
    expect(() => connection.close(undefined, 'x')).toThrow(RangeError)
    for (const wrong of [5, null, {}, [1, 2], new Float32Array(4)]) {
      expect(() => connection.send(wrong as unknown as string)).toThrow(TypeError)
      expect(() => connection.sendFragment(wrong as unknown as string, true, true)).toThrow(TypeError)
      expect(() => connection.ping(wrong as unknown as Uint8Array)).toThrow(TypeError)
      expect(() => connection.pong(wrong as unknown as Uint8Array)).toThrow(TypeError)
    }
    expect([connection.state, socket.output, connection.pendingBytes]).toEqual(['open', '', 0])
    connection.ping(new Uint8Array(125))
    connection.pong(hex('01'))
    expect(naiveDecode(concat(...socket.writes)).map(({ opcode }) => opcode)).toEqual([9, 10])
  })

  it('is nothing, and answers false, once the connection closes (RFC 6455 5.5.1)', () => {
    const socket = new Recorded('server')
    const { connection } = socket
    connection.close(1000)
    const answers = [
      connection.send('x'),
      connection.sendFragment('x', true, true),
      connection.ping(),
      connection.pong(),
    ]
    expect(answers).toEqual([false, false, false, false])
    connection.close(1001)
    connection.close(3000, 'again')
    expect(socket.output).toBe('88 02 03 e8')
  })
})

describe('Limits that are changed', () => {
  it('hold from the next frame on, and what is not named stays (RFC 6455 10.4)', () => {
    const socket = new Recorded('server', { maxPayload: 10, maxFragments: 2 })
    socket.connection.setLimits({ maxPayload: 2 })
    socket.connection.setLimits({ maxFragments: 3 })
    socket.connection.setLimits({})
    socket.connection.receive(concat(masked('02 00'), masked('00 01 61'), masked('80 01 62')))
    expect(socket.calls).toEqual(['binary 61 62'])
    socket.connection.receive(masked('82 03 61 62 63'))
    expect(socket.output).toMatch(/^88 \S\S 03 f1/)
  })

  it('are refused out of their range, and nothing changes', () => {
    const socket = new Recorded('server', { maxPayload: 3 })
    expect(() => socket.connection.setLimits({ maxPayload: -1, maxFragments: 1 })).toThrow(/^maxPayload must be/)
    expect(() => socket.connection.setLimits({ maxPayload: 1, maxFragments: 0.5 })).toThrow(/^maxFragments must be/)
    socket.connection.receive(masked('82 03 61 62 63'))
    expect(socket.calls).toEqual(['binary 61 62 63'])
  })
})

describe('Within one chunk, nothing is delivered', () => {
  const after = concat(HELLO, PING, masked('8a 00'), masked('82 01 01'))

  it('after a violation (RFC 6455 7.1.7)', () => {
    const socket = new Recorded('server')
    socket.connection.receive(concat(HELLO, VIOLATION, after))
    expect(socket.calls).toEqual(['text Hello', 'closing', 'end'])
    expect(socket.output).toMatch(/^88 \S\S 03 ea/)
  })

  it('after the Close frame of the peer (RFC 6455 5.5.1)', () => {
    const socket = new Recorded('server')
    socket.connection.receive(concat(CLOSE, after))
    expect(socket.calls).toEqual(['closing', 'end'])
    expect(socket.output).toBe('88 02 03 e8')
  })

  it('after terminate in a handler', () => {
    const socket = new Recorded('server', {}, { message: () => socket.connection.terminate('local') })
    socket.connection.receive(concat(HELLO, after))
    socket.connection.receive(after)
    expect(socket.calls).toEqual(['text Hello', 'destroy', 'closed 1006 -, not clean, local'])
    expect(socket.output).toBe('')
  })

  it('after pause in a handler, ping and pong handlers included', () => {
    const pause = (): void => socket.connection.pause()
    const socket: Recorded = new Recorded('server', {}, { message: pause, ping: pause, pong: pause })
    socket.connection.receive(concat(HELLO, PING, masked('8a 00'), HELLO))
    const seen = [socket.take()]
    for (let i = 0; i < 4; i++) {
      socket.connection.resume()
      seen.push(socket.take().filter((call) => !call.endsWith('reading')))
    }
    expect(seen).toEqual([['text Hello', 'stop reading'], ['ping 70'], ['pong'], ['text Hello'], []])
  })

  it('after a handler that throws, where that fails the connection (RFC 6455 7.4.1)', () => {
    const outcomes: CloseOutcome[] = []
    const thrown = new Error('mine')
    const socket = new Recorded(
      'server',
      {},
      {
        message() {
          throw thrown
        },
        closed: (outcome) => outcomes.push(outcome),
      },
    )
    socket.connection.receive(concat(HELLO, after))
    expect(socket.calls).toEqual(['text Hello', 'closing', 'end'])
    expect(socket.output).toBe(`88 11 03 f3 ${toHex(utf8('a handler threw'))}`)
    socket.connection.receiveEnd()
    expect(outcomes).toEqual([{ code: 1011, reason: 'a handler threw', clean: false, cause: 'local', error: thrown }])
  })
})

describe('After a local close', () => {
  it('the rest of the chunk is not delivered, what follows is, and pings are answered until the peer has closed (RFC 6455 5.5.1)', () => {
    const socket = new Recorded('server', {}, { message: () => socket.connection.close(1000) })
    socket.connection.receive(concat(HELLO, HELLO, PING))
    socket.connection.receive(concat(HELLO, CLOSE, HELLO))
    expect(socket.calls.filter((call) => /^(text|ping)/.test(call))).toEqual(['text Hello', 'ping 70', 'text Hello'])
    expect(socket.output).toBe('88 02 03 e8 8a 01 70')
    socket.connection.receiveEnd()
    expect(socket.calls.at(-1)).toBe('closed 1000 -, clean, local')
  })

  it('a violation sends no second Close frame (RFC 6455 5.5.1)', () => {
    const socket = new Recorded('server')
    socket.connection.close(1000)
    socket.connection.receive(VIOLATION)
    expect(socket.output).toBe('88 02 03 e8')
    expect(socket.take()).toEqual(['closing', 'end'])
    socket.connection.receiveEnd()
    expect(socket.take()[1]).toMatch(/^closed 1002 .*reserved.*, not clean, protocol$/)
  })
})

describe('The end of the peer’s side', () => {
  it('is the end when nothing is on its way (RFC 6455 7.1.5)', () => {
    const socket = new Recorded('server')
    socket.connection.receiveEnd()
    expect(socket.calls).toEqual(['destroy', 'closed 1006 -, not clean, transport'])
  })

  it.each(['server', 'client'] as const)('lets a %s end its own behind what the extension works on', (role) => {
    const extension = new SlowExtension()
    const socket = new Recorded(role, { extension })
    socket.connection.send('Hello')
    socket.connection.receiveEnd()
    expect([socket.take(), socket.takeOutput(), socket.connection.state]).toEqual([['closing'], '', 'draining'])
    expect([socket.connection.send('more'), socket.connection.pendingBytes]).toEqual([false, 5])
    extension.finishEncoding()
    expect([socket.take(), socket.writes.length]).toEqual([['end'], 1])
    socket.connection.transportClosed()
    expect(socket.calls).toEqual(['destroy', 'closed 1006 -, not clean, transport'])
  })

  it('lets it end its own behind what waits in the transport, and is told of no second one', () => {
    const socket = new Recorded('server', {}, { waits: () => true })
    socket.connection.send('Hello')
    socket.connection.receiveEnd()
    socket.connection.receiveEnd()
    expect(socket.take()).toEqual(['end', 'closing'])
    socket.connection.terminate('timeout')
    expect(socket.calls).toEqual(['destroy', 'closed 1006 -, not clean, timeout'])
  })

  it('does not wait for a message in fragments that will never be finished (RFC 6455 5.4)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.sendFragment('begun', true, false)
    socket.connection.send('behind it')
    socket.connection.receiveEnd()
    extension.finishEncoding()
    expect(socket.take()).toEqual(['closing', 'end'])
    expect(socket.connection.pendingBytes).toBe(9)
  })
})

describe('A handler that throws', () => {
  it('is told to the handler of errors, and the reader goes on', () => {
    const errors: unknown[] = []
    const thrower = (): void => {
      throw new Error('mine')
    }
    const socket = new Recorded(
      'server',
      {},
      { message: thrower, ping: thrower, pong: thrower, error: (e) => errors.push(e) },
    )
    socket.connection.receive(concat(HELLO, PING, masked('8a 00'), HELLO))
    expect(socket.calls).toEqual(['text Hello', 'ping 70', 'pong', 'text Hello'])
    expect(errors.length).toBe(4)
    expect(socket.connection.state).toBe('open')
  })

  it('need not throw an error', () => {
    const outcomes: CloseOutcome[] = []
    const socket = new Recorded(
      'server',
      {},
      {
        message() {
          // eslint-disable-next-line typescript/only-throw-error -- applications do
          throw 'a string'
        },
        closed: (outcome) => outcomes.push(outcome),
      },
    )
    socket.connection.receive(HELLO)
    socket.connection.receiveEnd()
    expect(outcomes[0]!.error).toEqual(new Error('a string'))
  })

  it('never comes out of receive, be it the handler of errors or of the end', () => {
    const thrower = (): never => {
      throw new Error('again')
    }
    const socket = new Recorded('server', {}, { message: thrower, error: thrower, closed: thrower })
    socket.connection.receive(concat(HELLO, HELLO))
    expect(socket.calls).toEqual(['text Hello', 'closing', 'end'])
    socket.connection.receiveEnd()
    expect(socket.calls.at(-1)).toMatch(/^closed 1011/)
    const other = new Recorded('server', {}, { closed: thrower })
    other.connection.terminate('local')
    expect(other.connection.state).toBe(ConnectionState.Closed)
  })
})

describe('Pings', () => {
  it('are answered with their body, each one (RFC 6455 5.5.2)', () => {
    const socket = new Recorded('server')
    socket.connection.receive(concat(masked('89 01 01'), masked('89 00'), masked('89 02 02 03')))
    expect(socket.output).toBe('8a 01 01 8a 00 8a 02 02 03')
  })

  it('are left to the application where it wants that', () => {
    const socket = new Recorded('server', { autoPong: false })
    socket.connection.receive(PING)
    expect([socket.output, socket.calls]).toEqual(['', ['ping 70']])
  })

  it('need no listener', () => {
    const socket = new Recorded('server')
    delete socket.handler.ping
    delete socket.handler.pong
    socket.connection.receive(concat(PING, masked('8a 00')))
    expect(socket.output).toBe('8a 01 70')
  })

  it('that come while output does not leave are answered by one pong, for the latest (RFC 6455 5.5.3)', () => {
    const socket = new Recorded('client')
    socket.connection.holdPongs()
    for (let i = 0; i < 1000; i++) socket.connection.receive(Uint8Array.of(0x89, 0x02, i >> 8, i & 255))
    expect(socket.output).toBe('')
    expect(socket.connection.pendingBytes).toBe(0)
    socket.connection.resume(Stall.Output)
    const [pong, ...others] = naiveDecode(concat(...socket.writes))
    expect([toHex(pong!.payload), others.length]).toEqual(['03 e7', 0])
    socket.connection.receive(hex('89 00'))
    expect(naiveDecode(concat(...socket.writes)).length).toBe(2)
  })

  it('are held back as soon as their answers do not leave (RFC 6455 5.5.3)', () => {
    // Even within one chunk: the transport blocks with what is written in its midst.
    const socket = new Recorded('server', {}, { write: () => socket.connection.pause(Stall.Output) })
    const chunk = concat(...Array.from({ length: 1000 }, () => masked(`89 7d ${'07 '.repeat(125)}`)))
    socket.connection.receive(chunk)
    const before = naiveDecode(concat(...socket.writes)).length
    expect(before).toBeLessThan(600)
    for (let i = 0; i < 10; i++) socket.connection.resume(Stall.Output)
    expect(naiveDecode(concat(...socket.writes)).length).toBeGreaterThan(before)
  })

  it('are answered once for all that came while earlier output waits in the transport (RFC 6455 5.5.3)', () => {
    let waits = false
    const socket = new Recorded('server')
    socket.handler.waits = () => waits
    socket.connection.receive(masked('89 01 01'))
    waits = true
    for (let i = 2; i < 9; i++) socket.connection.receive(masked(`89 01 0${i}`))
    expect(socket.output).toBe('8a 01 01')
    waits = false
    socket.connection.outputLeft()
    socket.connection.outputLeft()
    expect(socket.output).toBe('8a 01 01 8a 01 08')
  })

  it('owe nothing to a connection that has failed', () => {
    const socket = new Recorded('client')
    socket.connection.holdPongs()
    socket.connection.receive(hex('89 00'))
    socket.connection.fail(1011, '', { cause: 'local' })
    socket.connection.resume(Stall.Output)
    expect(naiveDecode(concat(...socket.writes)).map(({ opcode }) => opcode)).toEqual([8])
  })
})

describe('The end', () => {
  it('of TCP without a Close frame is 1006 (RFC 6455 7.1.5)', () => {
    const socket = new Recorded('server')
    socket.connection.receive(hex('81'))
    socket.connection.receiveEnd()
    socket.connection.receiveEnd()
    socket.connection.transportClosed()
    expect(socket.calls).toEqual(['destroy', 'closed 1006 -, not clean, transport'])
  })

  it('by a broken transport carries its error', () => {
    const outcomes: CloseOutcome[] = []
    const reset = new Error('read ECONNRESET')
    const socket = new Recorded('client', {}, { closed: (outcome) => outcomes.push(outcome) })
    socket.connection.transportClosed(reset)
    socket.connection.transportClosed(new Error('second'))
    expect(outcomes).toEqual([{ code: 1006, reason: '', clean: false, cause: 'transport', error: reset }])
  })

  it('by a violation carries what was seen and what was required (RFC 6455 7.1.7)', () => {
    const outcomes: CloseOutcome[] = []
    const socket = new Recorded('server', {}, { closed: (outcome) => outcomes.push(outcome) })
    socket.connection.receive(masked('88 01 03'))
    socket.connection.transportClosed()
    const [outcome] = outcomes
    expect(outcome).toMatchObject({ code: 1002, clean: false, cause: 'protocol' })
    expect(outcome!.error).toBeInstanceOf(ProtocolError)
    expect(outcome!.error!.message).toMatch(/^Close frame with a payload of 1 byte: the body of a Close frame MUST/)
  })

  it('by a Close frame with a code that must not be sent names the code (RFC 6455 7.4)', () => {
    const outcomes: CloseOutcome[] = []
    const socket = new Recorded('server', {}, { closed: (outcome) => outcomes.push(outcome) })
    socket.connection.receive(masked('88 02 03 ed'))
    socket.connection.transportClosed()
    expect(outcomes[0]!.error!.message).toMatch(/^Close frame with code 1005: a Close frame may carry 1000-1003, /)
  })

  it('by terminate carries the cause and the error it was given', () => {
    const outcomes: CloseOutcome[] = []
    const socket = new Recorded('server', {}, { closed: (outcome) => outcomes.push(outcome) })
    const error = new Error('too slow')
    socket.connection.terminate('backpressure', error)
    socket.connection.terminate('timeout')
    expect(outcomes).toEqual([{ code: 1006, reason: '', clean: false, cause: 'backpressure', error }])
  })

  it('gives the extension back exactly when it comes (RFC 6455 9)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.receive(CLOSE)
    expect(extension.isDisposed).toBe(false)
    socket.connection.receiveEnd()
    expect(extension.isDisposed).toBe(true)
  })

  it('of TCP comes from the server first, the client waits for it (RFC 6455 7.1.1)', () => {
    const server = new Recorded('server')
    server.connection.receive(CLOSE)
    expect(server.calls).toEqual(['closing', 'end'])
    const client = new Recorded('client')
    client.connection.receive(hex('88 02 03 e8'))
    expect(client.calls).toEqual(['closing'])
    client.connection.receiveEnd()
    expect(client.calls).toEqual(['closing', 'destroy', 'closed 1000 -, clean, peer'])
  })

  it('may be called by a code that must not be sent: 1011 is sent then (RFC 6455 7.4.1)', () => {
    const socket = new Recorded('server')
    socket.connection.fail(1006, 'x'.repeat(200), { cause: 'local' })
    expect(socket.output).toBe(`88 7d 03 f3 ${toHex(utf8('x'.repeat(123)))}`)
    socket.connection.fail(1011, '', { cause: 'local' })
    expect(socket.writes.length).toBe(1)
  })

  it('does not come before what is written by a transport that calls back', () => {
    const order: string[] = []
    const socket = new Recorded(
      'server',
      {},
      {
        write(bytes) {
          order.push(`write of ${bytes.length}`)
          if (order.length === 1) socket.connection.receive(CLOSE)
        },
        end: () => order.push('end'),
      },
    )
    socket.connection.send(new Uint8Array(9000))
    expect(order).toEqual(['write of 4', 'write of 9000', 'write of 4', 'end'])
  })

  it('sets no deadline when it has come while its Close frame was written', () => {
    const socket = new Recorded('server', {}, { write: () => socket.connection.transportClosed() })
    socket.connection.close(1000)
    expect(socket.calls).toEqual(['destroy', 'closed 1006 -, not clean, local'])
  })
})

describe('A whole conversation', () => {
  it.each([
    [false, '88 02 03 e8'],
    [true, '88 05 03 e8 62 79 65'],
  ])(
    'is answered with the code of the Close, and with its reason where that is asked for: %s (RFC 6455 5.5.1)',
    (echoReason, bytes) => {
      const socket = new Recorded('server', { echoReason })
      socket.connection.receive(masked('88 05 03 e8 62 79 65'))
      expect(socket.output).toBe(bytes)
    },
  )

  it('is a handful of frames: a client speaks, the server echoes, both close (RFC 6455 1.3, 1.4)', () => {
    const pair = new VirtualPair({ server: { message: (message) => pair.server.connection.send(message) } })
    pair.client.connection.send('Hello')
    pair.client.connection.send(hex('00 ff'))
    pair.run()
    pair.client.connection.close(1000, 'done')
    pair.run()
    expect(pair.client.calls).toEqual([
      'text Hello',
      'binary 00 ff',
      'closing',
      'destroy',
      'closed 1000 -, clean, local',
    ])
    expect(pair.server.calls).toEqual([
      'text Hello',
      'binary 00 ff',
      'closing',
      'end',
      'destroy',
      'closed 1000 done, clean, peer',
    ])
  })

  it('ends cleanly when both sides close at once (RFC 6455 7.1.2)', () => {
    const pair = new VirtualPair()
    pair.client.connection.close(1000)
    pair.server.connection.close(1001)
    pair.run()
    expect(pair.client.calls.at(-1)).toBe('closed 1001 -, clean, local')
    expect(pair.server.calls.at(-1)).toBe('closed 1000 -, clean, local')
  })

  it('ends when both sides break a rule at once (RFC 6455 7.1.7)', () => {
    const pair = new VirtualPair()
    pair.inject('client', hex('83 00'))
    pair.inject('server', masked('84 00'))
    pair.run()
    expect(pair.client.calls.at(-1)).toMatch(/^closed 1002/)
    expect(pair.server.calls.at(-1)).toMatch(/^closed 1002/)
  })

  it('carries any messages in any chunks, both ways, in order (RFC 6455 5.4)', () => {
    const message = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.uint8Array({ maxLength: 300 }))
    const sent = fc.array(fc.record({ from: fc.constantFrom('client', 'server'), message, slice: fc.boolean() }))
    fc.assert(
      fc.property(sent, fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }), (list, sizes) => {
        const pair = new VirtualPair({ sizes })
        const expected: Record<string, string[]> = { client: [], server: [] }
        for (const one of list) {
          const { connection } = one.from === 'client' ? pair.client : pair.server
          if (one.slice && typeof one.message !== 'string') {
            connection.sendFragment(one.message.slice(0, 2), false, false)
            connection.sendFragment(one.message.slice(2), false, true)
          } else connection.send(one.message)
          expected[one.from]!.push(
            (typeof one.message === 'string' ? `text ${one.message}` : `binary ${toHex(one.message)}`).trim(),
          )
        }
        pair.run()
        expect(pair.server.calls).toEqual(expected['client'])
        expect(pair.client.calls).toEqual(expected['server'])
      }),
      { numRuns: 50 },
    )
  })

  it('carries frames of the naive encoder, whatever their mask (RFC 6455 5.3)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ minLength: 4, maxLength: 4 }), (payload, key) => {
        const socket = new Recorded('server')
        socket.connection.receive(naiveEncode({ fin: true, rsv: 0, opcode: 2, key, payload }))
        expect(socket.calls).toEqual([`binary ${toHex(payload)}`.trim()])
      }),
    )
  })
})
