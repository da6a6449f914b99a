import { describe, expect, it } from 'vitest'
import type { DecodeDone } from '../../src/protocol/extension.ts'
import { Stall } from '../../src/protocol/stall.ts'
import { concat, hex, utf8 } from '../support/hex.ts'
import { naiveEncode } from '../support/naive.ts'
import { Recorded } from '../support/record.ts'
import { shift, SlowExtension, TOO_BIG, UNDECODABLE } from '../support/slow-extension.ts'

const key = hex('00 00 00 00')

function text(words: string, rsv = 0): Uint8Array {
  const payload = rsv === 0 ? utf8(words) : shift(utf8(words), 1)
  return naiveEncode({ fin: true, rsv, opcode: 1, key, payload })
}

function frame(opcode: number, payload: Uint8Array, { fin = true, rsv = 0 } = {}): Uint8Array {
  return naiveEncode({ fin, rsv, opcode, key, payload })
}

const CLOSE = frame(8, hex('03 e8'))

describe('Pausing', () => {
  it('inside a handler keeps the rest of the chunk until resuming, in order', () => {
    const socket = new Recorded('server', {}, { message: (message) => message === 'b' && socket.connection.pause() })
    socket.connection.receive(concat(text('a'), text('b'), text('c'), text('d')))
    socket.connection.receive(text('e'))
    expect(socket.take()).toEqual(['text a', 'text b', 'stop reading'])
    expect([socket.connection.isPaused, socket.connection.stalled]).toEqual([true, true])
    socket.connection.resume()
    expect(socket.take()).toEqual(['text c', 'text d', 'text e', 'go on reading'])
    expect(socket.connection.stalled).toBe(false)
  })

  it('and resuming inside the same handler goes on with chunk and transport', () => {
    const socket = new Recorded(
      'server',
      {},
      {
        message() {
          socket.connection.pause()
          socket.connection.resume()
        },
      },
    )
    socket.connection.receive(concat(text('a'), text('b')))
    expect(socket.take()).toEqual(['text a', 'stop reading', 'text b', 'go on reading'])
    expect(socket.connection.stalled).toBe(false)
    socket.connection.receive(text('c'))
    expect(socket.take().at(-1)).toBe('go on reading')
  })

  it('again while the backlog is read keeps what is left of it', () => {
    const socket = new Recorded('server', {}, { message: () => socket.connection.pause() })
    socket.connection.receive(concat(text('a'), text('b'), text('c')))
    expect(socket.take()).toEqual(['text a', 'stop reading'])
    socket.connection.resume()
    expect(socket.take().filter((call) => call.startsWith('text'))).toEqual(['text b'])
    socket.connection.resume()
    socket.connection.resume()
    expect(socket.take().filter((call) => call.startsWith('text'))).toEqual(['text c'])
  })

  it('twice is pausing once, and resuming without it is nothing', () => {
    const socket = new Recorded('server')
    socket.connection.resume()
    socket.connection.pause()
    socket.connection.pause()
    expect(socket.take()).toEqual(['stop reading'])
    socket.connection.resume()
    expect(socket.take()).toEqual(['go on reading'])
  })

  it('holds as long as any reason holds', () => {
    const socket = new Recorded('server')
    socket.connection.pause()
    socket.connection.pause(Stall.Output)
    socket.connection.receive(text('a'))
    socket.connection.resume()
    expect(socket.take()).toEqual(['stop reading'])
    socket.connection.resume(Stall.Output)
    expect(socket.take()).toEqual(['text a', 'go on reading'])
  })

  it('in the middle of a frame goes on in the middle of it (RFC 6455 5.2)', () => {
    const socket = new Recorded('server', {}, { ping: () => socket.connection.pause() })
    const bytes = concat(frame(9, hex('01')), text('Hello'))
    socket.connection.receive(bytes.slice(0, 12))
    socket.connection.receive(bytes.slice(12))
    expect(socket.take()).toEqual(['ping 01', 'stop reading'])
    socket.connection.resume()
    expect(socket.take()).toEqual(['text Hello', 'go on reading'])
  })

  it('keeps the end of TCP until what came before it was read (RFC 6455 7.1.5)', () => {
    const socket = new Recorded('server')
    socket.connection.pause()
    socket.connection.receive(concat(text('a'), CLOSE))
    socket.connection.receiveEnd()
    expect(socket.take()).toEqual(['stop reading'])
    socket.connection.resume()
    expect(socket.take()).toEqual(['text a', 'end', 'closing', 'destroy', 'closed 1000 -, clean, peer'])
  })

  it('does not hold back the end of TCP when nothing waits', () => {
    const socket = new Recorded('server')
    socket.connection.pause()
    socket.connection.receiveEnd()
    expect(socket.take()).toEqual(['stop reading', 'destroy', 'closed 1006 -, not clean, transport'])
    socket.connection.pause()
    socket.connection.resume()
    expect(socket.take()).toEqual([])
  })

  it('is over when the connection fails: what still comes is discarded, so that the end of TCP is seen (RFC 6455 7.1.1)', () => {
    const socket = new Recorded('server')
    socket.connection.pause()
    socket.connection.receive(text('never'))
    socket.connection.fail(1011, 'x', { cause: 'local' })
    expect(socket.take()).toEqual(['stop reading', 'go on reading', 'end', 'closing'])
    socket.connection.receive(text('late'))
    socket.connection.resume()
    expect(socket.take()).toEqual([])
  })
})

describe('Decoding that takes its time', () => {
  it('lets what follows wait, and keeps the order (RFC 6455 6.2)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.receive(concat(text('a'), text('b', 2), text('c'), text('d', 2)))
    socket.connection.receive(text('e'))
    expect(socket.take()).toEqual(['text a', 'stop reading'])
    extension.finishDecoding()
    expect(socket.take().filter((call) => call.startsWith('text'))).toEqual(['text b', 'text c'])
    extension.finishDecoding()
    expect(socket.take()).toEqual(['text d', 'text e', 'go on reading'])
  })

  it('that is done at once holds nothing up', () => {
    const socket = new Recorded('server', { extension: new SlowExtension({ isSlow: false }) })
    socket.connection.receive(concat(text('a', 2), text('b'), frame(2, hex('02 03'), { rsv: 2 })))
    expect(socket.take()).toEqual(['text a', 'text b', 'binary 01 02'])
  })

  it('delivers nothing while the application has paused meanwhile', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.receive(concat(text('a', 2), text('b')))
    socket.connection.pause()
    extension.finishDecoding()
    expect(socket.take()).toEqual(['stop reading'])
    socket.connection.resume()
    expect(socket.take()).toEqual(['text a', 'text b', 'go on reading'])
  })

  it('keeps the end of TCP until it is done, and delivers first (RFC 6455 7.1.5)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.receive(text('a', 2))
    socket.connection.receiveEnd()
    expect(socket.take()).toEqual(['stop reading'])
    extension.finishDecoding()
    expect(socket.take()).toEqual(['text a', 'destroy', 'closed 1006 -, not clean, transport'])
  })

  it('delivers nothing when the connection was terminated, failed or lost meanwhile', () => {
    for (const end of [
      (socket: Recorded) => socket.connection.terminate('local'),
      (socket: Recorded) => socket.connection.fail(1011, 'x', { cause: 'local' }),
      (socket: Recorded) => socket.connection.transportClosed(new Error('reset')),
    ]) {
      const extension = new SlowExtension()
      const socket = new Recorded('server', { extension })
      socket.connection.receive(concat(text('a', 2), text('b')))
      end(socket)
      extension.finishDecoding()
      expect(socket.calls.filter((call) => call.startsWith('text'))).toEqual([])
    }
  })

  it('still delivers after a local close, as everything does until the peer has closed (RFC 6455 5.5.1)', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension })
    socket.connection.receive(concat(text('a', 2), CLOSE))
    socket.connection.close(1000)
    extension.finishDecoding()
    expect(socket.calls.filter((call) => call.startsWith('text'))).toEqual(['text a'])
    expect(socket.connection.state).toBe('draining')
  })

  it('mutes what waits behind a message whose handler closes, as without decoding', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension }, { message: () => socket.connection.close(1000) })
    socket.connection.receive(concat(text('a', 2), text('b'), frame(9, hex('01'))))
    extension.finishDecoding()
    expect(socket.calls.filter((call) => call.startsWith('text'))).toEqual(['text a'])
    expect(socket.calls).toContain('ping 01')
    socket.connection.receive(text('c'))
    expect(socket.calls.filter((call) => call.startsWith('text'))).toEqual(['text a', 'text c'])
  })

  it('pauses when the handler that gets the message says so', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension }, { message: () => socket.connection.pause() })
    socket.connection.receive(concat(text('a', 2), text('b')))
    extension.finishDecoding()
    expect(socket.take()).toEqual(['stop reading', 'text a'])
    socket.connection.resume()
    expect(socket.take()[0]).toBe('text b')
  })

  it.each([
    [UNDECODABLE, '03 ef', 1007, 'a payload that cannot be decoded: the payload MUST be what the extension can decode'],
    [TOO_BIG, '03 f1', 1009, 'a payload that grows: a message may not be larger than the limit (RFC 6455 10.4)'],
  ])(
    'fails the connection with the code of the failure, slow or at once (RFC 7692 7.2.2)',
    (mark, wire, code, reason) => {
      for (const isSlow of [true, false]) {
        const extension = new SlowExtension({ isSlow })
        const socket = new Recorded('server', { extension })
        socket.connection.receive(concat(frame(2, Uint8Array.of(mark), { rsv: 2 }), text('never')))
        extension.finishDecoding()
        expect(socket.output.split(' ').slice(2, 4).join(' ')).toBe(wire)
        socket.connection.receiveEnd()
        expect(socket.calls.at(-1)).toContain(`closed ${code} ${reason}`)
        expect(socket.calls.filter((call) => call.startsWith('text'))).toEqual([])
      }
    },
  )

  it('fails the connection for text that is not UTF-8 when decoded (RFC 6455 8.1)', () => {
    for (const textMode of ['string', 'bytes'] as const) {
      const extension = new SlowExtension({ isSlow: false })
      const socket = new Recorded('server', { extension, text: textMode })
      socket.connection.receive(frame(1, shift(hex('e2 82'), 1), { rsv: 2 }))
      expect(socket.output).toMatch(/^88 \S\S 03 ef/)
      expect(socket.calls).toEqual(['closing', 'end'])
    }
  })

  it('hands text over as bytes where that was asked for', () => {
    const socket = new Recorded('server', { extension: new SlowExtension({ isSlow: false }), text: 'bytes' })
    socket.connection.receive(text('é', 2))
    expect(socket.take()).toEqual(['text c3 a9'])
  })
})

describe('While the application works on a message', () => {
  /** Each message is worked on until `done`. */
  function worker(reason: Stall = Stall.Handler): Recorded {
    const socket = new Recorded('server', {}, { message: () => socket.connection.pause(reason) })
    return socket
  }

  it.each([Stall.Handler, Stall.Reader])('pings are answered up to the next message (RFC 6455 5.5.2), %i', (reason) => {
    const socket = worker(reason)
    socket.connection.receive(
      concat(text('a'), frame(9, hex('01')), frame(10, hex('02')), text('b'), frame(9, hex('03'))),
    )
    expect(socket.take()).toEqual(['text a', 'ping 01', 'pong 02', 'stop reading'])
    expect(socket.output).toBe('8a 01 01')
    expect([socket.connection.stalled, socket.connection.rests]).toEqual([true, true])
    socket.connection.resume(reason)
    expect(socket.take()).toEqual(['text b', 'ping 03', 'go on reading'])
    expect([socket.connection.stalled, socket.connection.rests]).toEqual([true, false])
  })

  it('whatever comes is read on until a message begins, however TCP cuts it', () => {
    const bytes = concat(frame(9, hex('01 02 03')), frame(10, hex('')), text('b'), frame(9, hex('04')))
    for (let cut = 0; cut <= bytes.length; cut++) {
      const socket = worker()
      socket.connection.receive(text('a'))
      socket.connection.receive(bytes.slice(0, cut))
      socket.connection.receive(bytes.slice(cut))
      const before = socket.take().filter((call) => !call.endsWith('reading'))
      expect(before).toEqual(['text a', 'ping 01 02 03', 'pong'])
      expect(socket.connection.rests).toBe(true)
      socket.connection.resume(Stall.Handler)
      expect(socket.take().filter((call) => !call.endsWith('reading'))).toEqual(['text b', 'ping 04'])
      expect(socket.connection.rests).toBe(false)
    }
  })

  it.each([Stall.Answer, Stall.PartsAnswer])(
    'that may be answered, only a Close waits: what comes before it is read, %i',
    (reason) => {
      const bytes = concat(text('a'), frame(9, hex('01')), text('b'), frame(8, hex('')))
      for (let cut = 0; cut <= bytes.length; cut++) {
        const socket = worker(reason)
        socket.connection.receive(bytes.slice(0, cut))
        socket.connection.receive(bytes.slice(cut))
        expect(socket.take()).toEqual(['text a', 'ping 01', 'text b', 'stop reading'])
        expect([socket.connection.stalled, socket.connection.rests, socket.connection.awaitsAnswer]).toEqual([
          false,
          true,
          true,
        ])
        socket.connection.resume(reason)
        expect(socket.take()).toEqual(['end', 'closing'])
        expect(socket.connection.state).toBe('draining')
      }
    },
  )

  it('that may be answered, the end waits too, until nobody wants to wait any longer', () => {
    const socket = worker(Stall.Answer)
    socket.connection.receive(text('a'))
    socket.connection.receiveEnd()
    expect([socket.connection.state, socket.connection.awaitsAnswer]).toEqual(['open', true])
    socket.connection.stopAwaitingAnswer()
    expect(socket.connection.state).toBe('closed')
  })

  it('that may be answered, the Close of the peer is heard once this side has closed', () => {
    const socket = worker(Stall.Answer)
    socket.connection.receive(concat(text('a'), frame(8, hex('03 e8'))))
    expect(socket.connection.state).toBe('open')
    socket.connection.close(1000)
    expect(socket.connection.state).toBe('draining')
  })

  it('an empty message waits too, though its header was all there is of it', () => {
    const socket = worker()
    socket.connection.receive(concat(text('a'), frame(2, hex(''))))
    expect(socket.take()).toEqual(['text a', 'stop reading'])
    socket.connection.resume(Stall.Handler)
    expect(socket.take()).toEqual(['binary', 'go on reading'])
  })

  it.each([
    [2, 'binary'],
    [8, 'closed 1005 -, clean, peer'],
  ])('an empty frame of opcode %i is not lost when TCP ends while there is another reason to rest', (opcode, read) => {
    const socket = worker()
    socket.connection.receive(concat(text('a'), frame(opcode, hex(''))))
    socket.connection.pause(Stall.Output)
    socket.connection.resume(Stall.Handler)
    socket.connection.receiveEnd()
    expect(socket.take()).toEqual(['text a', 'stop reading'])
    socket.connection.resume(Stall.Output)
    expect(socket.take()).toContain(read)
  })

  it('a Close waits, since the message may have to be answered first (RFC 6455 5.5.1)', () => {
    const socket = worker()
    socket.connection.receive(concat(text('a'), frame(9, hex('01')), CLOSE))
    expect(socket.connection.state).toBe('open')
    socket.connection.send(utf8('the answer'))
    socket.connection.resume(Stall.Handler)
    expect(socket.connection.state).not.toBe('open')
    expect(socket.output).toMatch(/^8a 01 01 82 0a .* 88 02 03 e8$/)
  })

  it('the end of TCP waits for the same reason', () => {
    const socket = worker()
    socket.connection.receive(text('a'))
    socket.connection.receiveEnd()
    expect(socket.connection.send(utf8('the answer'))).toBe(true)
    socket.connection.resume(Stall.Handler)
    expect(socket.calls.at(-1)).toMatch(/^closed 1006/)
    expect(socket.output).toMatch(/^82 0a/)
  })

  it('a broken rule fails the connection without waiting', () => {
    const socket = worker()
    socket.connection.receive(concat(text('a'), frame(9, new Uint8Array(126))))
    expect(socket.output).toMatch(/^88 \S\S 03 ea/)
  })

  it('nothing at all is heard once there is another reason to rest', () => {
    const socket = worker()
    socket.connection.receive(text('a'))
    socket.connection.pause(Stall.Output)
    socket.connection.receive(frame(9, hex('01')))
    expect(socket.take()).toEqual(['text a', 'stop reading'])
    socket.connection.resume(Stall.Output)
    expect(socket.take()).toEqual(['ping 01', 'go on reading'])
    expect(socket.connection.stalled).toBe(true)
  })

  it('inside a message, between its fragments, pings are answered; inside a frame nothing can be', () => {
    const socket = new Recorded('server', { partsFrom: 0 }, { part: () => socket.connection.pause(Stall.Reader) })
    const first = frame(2, hex('01 02 03'), { fin: false })
    socket.connection.receive(first.slice(0, -1))
    expect(socket.connection.rests).toBe(true)
    socket.connection.resume(Stall.Reader)
    socket.connection.receive(concat(first.slice(-1), frame(9, hex('07')), frame(0, hex('04'))))
    expect(socket.take().filter((call) => !call.endsWith('reading'))).toEqual([
      'part of binary 01 02',
      'part of binary 03',
      'ping 07',
    ])
    socket.connection.resume(Stall.Reader)
    expect(socket.take()).toEqual(['part of binary, last, 04', 'go on reading'])
  })
})

describe('A connection tells whether it is within a message', () => {
  it('that has begun and not ended, by what was read last', () => {
    const { connection } = new Recorded('server')
    const seen = [connection.isWithinMessage]
    const message = text('abc')
    const chunks = [
      message.slice(0, 7),
      message.slice(7),
      frame(9, hex('70')),
      frame(2, hex('01'), { fin: false }),
      frame(10, hex('')),
      frame(0, hex('02'), { fin: false }),
      frame(0, hex('')),
    ]
    for (const chunk of chunks) {
      connection.receive(chunk)
      seen.push(connection.isWithinMessage)
    }
    expect(seen).toEqual([false, true, false, false, true, false, true, false])
  })
})

describe('Messages in parts', () => {
  const part = (): void => {}

  it('come as they arrive from a size on, and smaller ones whole', () => {
    const socket = new Recorded('server', { partsFrom: 4 }, { part })
    socket.connection.receive(concat(text('abcd'), frame(2, hex('01 02'), { fin: false })))
    socket.connection.receive(concat(frame(0, hex('03 04 05'), { fin: false }), frame(0, hex(''))))
    expect(socket.take()).toEqual(['text abcd', 'part of binary 01 02 03 04 05', 'part of binary, last,'])
  })

  it('are text that is checked as it comes, across cuts and to its end (RFC 6455 8.1)', () => {
    const good = new Recorded('server', { partsFrom: 2 }, { part })
    good.connection.receive(concat(frame(1, hex('61 62 e2'), { fin: false }), frame(0, hex('82 ac'))))
    expect(good.take()).toEqual(['part of text 61 62 e2', 'part of text, last, 82 ac'])
    for (const second of ['41', '82', 'ff']) {
      const bad = new Recorded('server', { partsFrom: 2 }, { part })
      bad.connection.receive(concat(frame(1, hex('61 62 e2'), { fin: false }), frame(0, hex(second))))
      expect(bad.take()).toEqual(['part of text 61 62 e2', 'closing', 'end'])
      expect(bad.output).toMatch(/^88 \S\S 03 ef/)
    }
  })

  it.each([undefined, new SlowExtension({ isSlow: false })])(
    'come no more of the chunk in whose midst a part was answered with a close, nor of its message',
    (extension) => {
      const given = { partsFrom: 2, ...(extension === undefined ? {} : { extension }) }
      const socket = new Recorded('server', given, { part: () => socket.connection.close(1000) })
      const rsv = extension === undefined ? 0 : 2
      const begun = frame(2, hex('01 02 03'), { fin: false, rsv })
      socket.connection.receive(concat(begun, frame(0, hex('04'), { fin: false }), frame(9, hex('70'))))
      socket.connection.receive(concat(frame(0, hex('05')), text('whole', rsv)))
      const called = socket.calls.map((call) => call.replace('00 01 02', '01 02 03'))
      expect(called).toEqual(['part of binary 01 02 03', 'closing', 'ping 70', expect.stringMatching(/^part of text/)])
    },
  )

  it('are decoded one by one, their sum within the limit (RFC 7692 6.2)', () => {
    const extension = new SlowExtension({ isSlow: false })
    const socket = new Recorded('server', { extension, partsFrom: 2 }, { part })
    socket.connection.receive(concat(frame(1, shift(utf8('aé€'), 1), { fin: false, rsv: 2 }), frame(0, hex(''))))
    socket.connection.receive(concat(frame(2, hex('02 03 04'), { rsv: 2 }), text('ab')))
    expect(socket.take()).toEqual([
      'part of text 61 c3 a9 e2 82 ac',
      'part of text, last,',
      'part of binary, last, 01 02 03',
      'text ab',
    ])
  })

  it('of which nothing comes out yet are not handed over (RFC 7692 6.2)', () => {
    class Late extends SlowExtension {
      override decode(_bytes: Uint8Array, final: boolean, _limit: number, done: (result: Uint8Array) => void): void {
        done(final ? hex('01 02') : new Uint8Array())
      }
    }
    const socket = new Recorded('server', { extension: new Late(), partsFrom: 0 }, { part })
    socket.connection.receive(concat(frame(2, hex('ff'), { fin: false, rsv: 2 }), frame(0, hex('fe'))))
    expect(socket.take()).toEqual(['part of binary, last, 01 02'])
  })

  describe('that give more than a piece at a time', () => {
    /** Answers each part with its bytes one by one, as soon as it is asked to. */
    class Piecemeal extends SlowExtension {
      asked = 0
      readonly #answersAtOnce: boolean
      #left: number[] = []
      #answer: (() => void) | undefined
      constructor(answersAtOnce = false) {
        super()
        this.#answersAtOnce = answersAtOnce
      }
      override decode(bytes: Uint8Array, _final: boolean, _limit: number, done: DecodeDone): void {
        if (bytes.length > 0 && this.#left.length > 0) throw new Error('a part has overtaken the rest of another')
        this.asked++
        this.#left.push(...bytes)
        this.#answer = () => done(Uint8Array.from(this.#left.splice(0, 1)), this.#left.length > 0)
        if (this.#answersAtOnce) this.answer()
      }
      /** What the pool does: later. */
      answer(): void {
        const answer = this.#answer
        this.#answer = undefined
        answer?.()
      }
    }
    const bytes = concat(frame(2, hex('01 02'), { fin: false, rsv: 2 }), frame(0, hex('03 04')), text('ab'))

    it('hand over piece by piece, the last piece of the last part ends the message, and what follows waits', () => {
      const extension = new Piecemeal()
      const socket = new Recorded('server', { extension, partsFrom: 0 }, { part })
      socket.connection.receive(bytes.slice())
      for (let piece = 1; piece <= 4; piece++) {
        expect(socket.calls.filter((call) => call.startsWith('part'))).toHaveLength(piece - 1)
        extension.answer()
      }
      const expected = ['part of binary 01', 'part of binary 02', 'part of binary 03', 'part of binary, last, 04']
      expect(socket.take().filter((call) => !call.endsWith('reading'))).toEqual([
        ...expected,
        'part of text, last, 61 62',
      ])
    })

    it.each([false, true])('keep their order when they come at once, with a reader that rests: %s', (rests) => {
      const given = { extension: new Piecemeal(true), partsFrom: 0 }
      const socket = new Recorded('server', given, { part: () => rests && socket.connection.pause() })
      socket.connection.receive(bytes.slice())
      while (socket.connection.isPaused) socket.connection.resume()
      expect(
        socket.calls.filter((call) => call.startsWith('part')).map((call) => call.slice('part of '.length)),
      ).toEqual(['binary 01', 'binary 02', 'binary 03', 'binary, last, 04', 'text, last, 61 62'])
    })

    it('are not asked for the next piece while the reader rests, however it came to', () => {
      const extension = new Piecemeal()
      const socket = new Recorded('server', { extension, partsFrom: 0 }, { part: () => socket.connection.pause() })
      socket.connection.receive(bytes.slice())
      extension.answer()
      expect(extension.asked).toBe(1)
      socket.connection.resume()
      expect(extension.asked).toBe(2)
      socket.connection.pause()
      extension.answer()
      expect(socket.calls.filter((call) => call.startsWith('part'))).toHaveLength(1)
      socket.connection.resume()
      expect(socket.calls.filter((call) => call.startsWith('part'))).toHaveLength(2)
    })

    it('end with the connection', () => {
      const extension = new Piecemeal()
      const socket = new Recorded(
        'server',
        { extension, partsFrom: 0 },
        { part: () => socket.connection.terminate('local') },
      )
      socket.connection.receive(bytes.slice())
      extension.answer()
      extension.answer()
      expect(extension.asked).toBe(1)
      expect(socket.calls.filter((call) => call.startsWith('part'))).toHaveLength(1)
    })
  })

  it('that are decoded to text are checked to be UTF-8, at every part and at the end (RFC 6455 8.1)', () => {
    for (const payload of ['61 62 ff', '61 62 e2']) {
      const extension = new SlowExtension({ isSlow: false })
      const socket = new Recorded('server', { extension, partsFrom: 2 }, { part })
      socket.connection.receive(frame(1, shift(hex(payload), 1), { rsv: 2 }))
      expect(socket.take()).toEqual(['closing', 'end'])
      expect(socket.output).toMatch(/^88 \S\S 03 ef/)
    }
  })

  it('wait for a slow extension, and stop with it', () => {
    const extension = new SlowExtension()
    const socket = new Recorded('server', { extension, partsFrom: 1 }, { part })
    socket.connection.receive(frame(2, hex('02 03'), { fin: false, rsv: 2 }))
    socket.connection.receive(frame(0, hex('04')))
    expect(socket.take()).toEqual(['stop reading'])
    extension.finishDecoding()
    expect(socket.take()).toContain('part of binary 01 02')
    extension.finishDecoding()
    expect(socket.take()).toContain('part of binary, last, 03')
  })

  it('tell where a message begins, also behind one of which the end was held back', () => {
    const firsts: boolean[] = []
    const socket = new Recorded('server', { partsFrom: 1 }, { part: (_bytes, { first }) => void firsts.push(first) })
    const message = concat(frame(2, hex('01 02'), { fin: false }), frame(0, hex('03')))
    socket.connection.receive(concat(message, message))
    expect(firsts).toEqual([true, false, true, false])
    const closer = new Recorded(
      'server',
      { partsFrom: 1 },
      {
        part(_bytes, { first }) {
          firsts.push(first)
          closer.connection.close(1000)
        },
      },
    )
    closer.connection.receive(message)
    closer.connection.receive(message)
    expect(firsts.slice(4)).toEqual([true, true, false])
  })

  it('end when a handler of theirs throws, with 1011 (RFC 6455 7.4.1)', () => {
    const thrower = (): void => {
      throw new Error('mine')
    }
    const socket = new Recorded('server', { partsFrom: 1 }, { part: thrower })
    socket.connection.receive(concat(frame(2, hex('01 02')), text('never')))
    expect(socket.take()).toEqual(['part of binary, last, 01 02', 'closing', 'end'])
    expect(socket.output).toMatch(/^88 \S\S 03 f3/)
  })
})
