import { describe, expect, it } from 'vitest'
import { Session } from '../../src/cli/connect/session.ts'
import { createPaint } from '../../src/cli/paint.ts'
import { Connection } from '../../src/protocol/connection.ts'

/** The first two bytes and the payload of a short frame, its key left out. */
function describeFrame(hex: string): string {
  return `${hex.slice(0, 4)} ${hex.slice(12)}`
}

/** A session whose endpoint writes into a list, masked with zeroes so that the bytes can be read. */
function open(): { session: Session; lines: string[]; wire: string[]; receive(hex: string): void } {
  const lines: string[] = []
  const wire: string[] = []
  const write = (line: string): void => void lines.push(line)
  const options = { wire: false, echo: false, count: undefined, plain: false, ended: () => undefined }
  const session = new Session({ ...options, paint: createPaint(false), print: write, inform: write })
  const connection = new Connection({
    role: 'client',
    randomMask: () => 0,
    handler: {
      message: (message) => session.message(message),
      ping: (payload) => session.ping(payload),
      pong: (payload) => session.pong(payload),
      write: (bytes) => void wire.push(describeFrame(Buffer.from(bytes).toString('hex'))),
      end: () => undefined,
      destroy: () => connection.transportClosed(),
      closed: (outcome) => session.closed(outcome),
    },
  })
  session.start(connection)
  return { session, lines, wire, receive: (hex) => connection.receive(Buffer.from(hex, 'hex')) }
}

describe('a session of barewire connect', () => {
  it('sends what is typed, and what begins with / when asked to', () => {
    const { session, wire } = open()
    session.type('hi')
    session.type('/text /hi')
    session.type('/binary 0x01, 02')
    session.type('/binary')
    session.type('/ping abc')
    expect(wire).toEqual(['8182 6869', '8183 2f6869', '8282 0102', '8280 ', '8983 616263'])
  })

  it('closes with a code and a reason, also while it is paused (RFC 6455 7.1.2)', () => {
    const { session, wire, lines, receive } = open()
    session.type('/pause')
    receive('81026869')
    expect(lines).toEqual([])
    session.type('/close 4001 bye now')
    expect(wire).toEqual(['8889 0fa1627965206e6f77'])
    expect(lines).toEqual(['< hi'])
    session.type('too late')
    expect(lines.at(-1)).toBe('the connection is closing: nothing was sent')
  })

  it('reads again after /resume', () => {
    const { session, lines, receive } = open()
    session.type('/pause')
    receive('81026869')
    session.type('/resume')
    expect(lines).toEqual(['< hi'])
  })

  it('tells what arrives, with nothing in it that steers a terminal', () => {
    const { session, lines, receive } = open()
    receive('8103611b62' + '82020102' + '890161' + '8a0161')
    session.type('/ping a')
    receive('8a0161')
    expect(lines.slice(0, 4)).toEqual([
      String.raw`< a\u{1b}b`,
      '< 2 bytes: 01 02',
      'ping "a", answered',
      'pong "a", unasked',
    ])
    expect(lines[4]).toMatch(/^pong "a" after \d+\.\d ms$/)
  })

  it('says in one line what it cannot do', () => {
    const { session, lines, wire } = open()
    session.type('/bogus')
    session.type('/constructor')
    session.type('/binary xyz')
    session.type('/file /nowhere/x')
    session.type('/close 1005')
    session.type('/close never')
    session.type(`/ping ${'x'.repeat(126)}`)
    expect(wire).toEqual([])
    expect(lines).toEqual([
      'unknown command /bogus; /help lists them',
      'unknown command /constructor; /help lists them',
      "'xyz' is not hex",
      expect.stringContaining('ENOENT'),
      expect.stringContaining('1005'),
      "'never' is no close code",
      expect.stringContaining('125'),
    ])
  })
})
