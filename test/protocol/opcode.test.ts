import { describe, expect, it } from 'vitest'
import { isControl, isDefinedOpcode, Opcode } from '../../src/protocol/opcode.ts'

const ALL = Array.from({ length: 16 }, (_, opcode) => opcode)

describe('Opcodes', () => {
  it('have the numbers of RFC 6455 5.2', () => {
    expect(Opcode).toEqual({ Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 })
  })

  it('are those of control frames from 0x8 on, reserved ones included (RFC 6455 5.5)', () => {
    expect(ALL.filter(isControl)).toEqual([8, 9, 10, 11, 12, 13, 14, 15])
  })

  it('are defined but for 3-7 and 11-15 (RFC 6455 5.2)', () => {
    expect(ALL.filter(isDefinedOpcode)).toEqual([0, 1, 2, 8, 9, 10])
  })
})
