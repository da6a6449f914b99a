import { describe, expect, it } from 'vitest'
import { isWireCloseCode } from '../../src/protocol/close-code.ts'
import { ProtocolError, Violations } from '../../src/protocol/violation.ts'

const rows = Object.values(Violations)

describe('The catalogue of violations', () => {
  it('has an id of its own for each row, made of words', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    for (const { id } of rows) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  })

  it('names the section in which each MUST stands', () => {
    for (const { section } of rows) expect(section).toMatch(/^RFC (6455|7692) \d+(\.\d+)*$/)
  })

  it('answers each with a code that may stand in a Close frame (RFC 6455 7.4)', () => {
    for (const { closeCode } of rows) expect(isWireCloseCode(closeCode)).toBe(true)
  })
})

describe('A protocol error', () => {
  it('says what was seen, what was required, and where that stands', () => {
    const error = new ProtocolError(Violations.ControlTooLong, 'ping of 126 bytes')
    expect(error.message).toBe(
      'ping of 126 bytes: control frames MUST have a payload of 125 bytes or less (RFC 6455 5.5)',
    )
    expect(error).toMatchObject({ name: 'ProtocolError', closeCode: 1002, violation: Violations.ControlTooLong })
    expect(error).toBeInstanceOf(Error)
  })

  it('may carry another code than its row', () => {
    expect(new ProtocolError(Violations.NotDecodable, 'x', 1009).closeCode).toBe(1009)
  })
})
