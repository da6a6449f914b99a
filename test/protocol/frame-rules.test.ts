import { describe, expect, it } from 'vitest'
import { createFrameHeader, decodeFrameHeader } from '../../src/protocol/frame-header.ts'
import { checkHeader, type HeaderContext } from '../../src/protocol/frame-rules.ts'
import { hex } from '../support/hex.ts'

const client = { isServer: false, claimedRsv: 0, inMessage: false }
const server = { isServer: true, claimedRsv: 0, inMessage: false }

function judge(digits: string, context: HeaderContext): string | undefined {
  const header = createFrameHeader()
  decodeFrameHeader(hex(digits), 0, header)
  return checkHeader(header, context)?.id
}

describe('A header', () => {
  it.each([
    ['81 05', 'text'],
    ['02 00', 'the first frame of a binary message'],
    ['88 02', 'Close'],
    ['89 7d', 'a ping of 125 bytes'],
    ['8a 00', 'a pong'],
    ['82 7e 00 7e', '126 bytes in 16 bits'],
    ['82 7f 00 00 00 00 00 01 00 00', '65,536 bytes in 64 bits'],
    ['82 7f 7f ff ff ff ff ff ff ff', 'the longest length there is'],
  ])('[%s] breaks no rule: %s (RFC 6455 5.2)', (digits) => {
    expect(judge(digits, client)).toBeUndefined()
  })

  it('must be masked at a server and must not be at a client (RFC 6455 5.1)', () => {
    expect(judge('81 85 00 00 00 00', server)).toBeUndefined()
    expect(judge('81 05', server)).toBe('unmasked-from-client')
    expect(judge('81 85 00 00 00 00', client)).toBe('masked-from-server')
  })

  it('must not have a reserved opcode (RFC 6455 5.2)', () => {
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
      expect(judge(`8${opcode.toString(16)} 00`, client)).toBe('reserved-opcode')
    }
  })

  it('must not have a reserved bit that nobody claimed (RFC 6455 5.2)', () => {
    for (const first of ['c1', 'a1', '91', 'd1', 'f1']) expect(judge(`${first} 00`, client)).toBe('reserved-bits')
    expect(judge('c1 00', { ...client, claimedRsv: 0x40 })).toBeUndefined()
    expect(judge('a1 00', { ...client, claimedRsv: 0x40 })).toBe('reserved-bits')
    expect(judge('e1 00', { ...client, claimedRsv: 0x40 })).toBe('reserved-bits')
  })

  it('must not have a claimed bit but on the first frame of a message (RFC 7692 6.1)', () => {
    const context = { ...client, claimedRsv: 0x40 }
    expect(judge('c9 00', context)).toBe('compressed-control')
    expect(judge('c0 00', { ...context, inMessage: true })).toBe('compressed-continuation')
    expect(judge('42 00', context)).toBeUndefined()
  })

  it.each(['82 7e 00 00', '82 7e 00 7d', '82 7f 00 00 00 00 00 00 00 00', '82 7f 00 00 00 00 00 00 ff ff'])(
    '[%s] must use the least bytes for its length (RFC 6455 5.2)',
    (digits) => {
      expect(judge(digits, client)).toBe('length-not-minimal')
    },
  )

  it.each(['82 7f 80 00 00 00 00 00 00 00', '82 7f ff ff ff ff ff ff ff ff'])(
    '[%s] must not set the most significant bit of its length (RFC 6455 5.2)',
    (digits) => {
      expect(judge(digits, client)).toBe('length-high-bit')
    },
  )

  it('of a control frame must have FIN and at most 125 bytes (RFC 6455 5.5)', () => {
    for (const opcode of ['8', '9', 'a']) {
      expect(judge(`0${opcode} 00`, client)).toBe('control-fragmented')
      expect(judge(`8${opcode} 7e 00 7e`, client)).toBe('control-too-long')
      expect(judge(`8${opcode} 7f 00 00 00 00 00 01 00 00`, client)).toBe('control-too-long')
    }
  })

  it('of a continuation must follow a message that goes on, and nothing else may (RFC 6455 5.4)', () => {
    const inMessage = { ...client, inMessage: true }
    expect(judge('80 00', client)).toBe('orphan-continuation')
    expect(judge('00 00', client)).toBe('orphan-continuation')
    expect(judge('80 00', inMessage)).toBeUndefined()
    expect(judge('81 00', inMessage)).toBe('interleaved-message')
    expect(judge('02 00', inMessage)).toBe('interleaved-message')
    expect(judge('89 00', inMessage)).toBeUndefined()
    expect(judge('88 00', inMessage)).toBeUndefined()
  })
})
