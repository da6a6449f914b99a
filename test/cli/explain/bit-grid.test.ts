import { describe, expect, it } from 'vitest'
import { bitsOf, drawBitGrid, type GridField } from '../../../src/cli/explain/bit-grid.ts'

const plain = (_tint: string, text: string): string => text
const field = (label: string, bits: string): GridField => ({ label: [label], bits, tint: 'plain' })

describe('the bit grid (RFC 6455 5.2)', () => {
  it('writes bytes as bits, the highest first', () => {
    expect(bitsOf(Uint8Array.of(0x81, 0x05))).toBe('1000000100000101')
  })

  it('draws boxes 32 bits to a row, one-bit labels downwards, and goes on in the next row', () => {
    const lines = drawBitGrid([field('FIN', '1'), field('rest', '0'.repeat(15)), field('key', '01'.repeat(16))], plain)
    expect(lines.slice(2)).toEqual([
      ' +-+-----------------------------+-------------------------------+',
      ' |1|0 0 0 0 0 0 0 0 0 0 0 0 0 0 0|0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1|',
      ' |F|            rest             |              key              |',
      ' |I|                             |                               |',
      ' |N|                             |                               |',
      ' +-+-----------------------------+-------------------------------+',
      ' |0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1|',
      ' |        key (continued)        |',
      ' +-------------------------------+',
    ])
  })

  it('cuts a label that does not fit', () => {
    expect(drawBitGrid([field('opcode', '0001')], plain)[4]).toBe(' |opcode |')
    expect(drawBitGrid([field('a long label', '0001')], plain)[4]).toBe(' |a long |')
  })
})
