import { describe, expect, it } from 'vitest'
import { bitRows } from '../../web/src/wire/bit-rows.ts'
import { dissectFrame, fromHex } from '../../web/src/wire/frame-fields.ts'

/** "Hello", masked, as in RFC 6455 5.7. */
const HELLO = fromHex('81 85 37 fa 21 3d 7f 9f 4d 51 58')!

const rowsOf = (bytes: Uint8Array, columns: number, payloadRows: number) =>
  bitRows(bytes, dissectFrame(bytes)!.fields, { columns, payloadRows })

describe('the rows of the bit grid', () => {
  it('are those of RFC 6455 5.2: 32 bits, each field with its name and value', () => {
    const { rows, bits } = rowsOf(HELLO, 32, 3)
    expect(bits).toBe(HELLO.length * 8)
    expect(rows.map(({ cells }) => cells.map(({ value }) => value).join(''))).toEqual([
      '10000001100001010011011111111010',
      '00100001001111010111111110011111',
      '010011010101000101011000',
    ])
    expect(rows.map(({ segments }) => segments.map(({ caption, detail, bits: n }) => [caption, detail, n]))).toEqual([
      [
        ['F', '', 1],
        ['R1', '', 1],
        ['R2', '', 1],
        ['R3', '', 1],
        ['opcode', 'text', 4],
        ['M', '', 1],
        ['payload len', '5', 7],
        ['mask key', '37 fa', 16],
      ],
      [
        ['mask key …', '21 3d', 16],
        ['payload', '7f 9f', 16],
      ],
      [['payload …', '4d 51 58', 24]],
    ])
  })

  it('leave out payload beyond the rows that are wanted, but never header', () => {
    expect(rowsOf(HELLO, 16, 1)).toMatchObject({ bits: 64, rows: { length: 4 } })
    expect(rowsOf(HELLO, 16, 0)).toMatchObject({ bits: 48, rows: { length: 3 } })
    expect(rowsOf(HELLO, 32, 0)).toMatchObject({ bits: 64, rows: { length: 2 } })
  })
})
