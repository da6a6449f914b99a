/** A frame cut into rows of bits, as RFC 6455 5.2 draws it: the cells of each row, and under them the fields they are part of. */
import type { FieldName, FrameField } from './frame-fields.ts'

export interface Cell {
  /** Counted from the begin of the frame. */
  readonly bit: number
  readonly value: '0' | '1'
  readonly field: FrameField | undefined
}

/** The part of a field that stands in one row. */
export interface Segment {
  readonly field: FrameField
  /** The first column, from 0. */
  readonly from: number
  readonly bits: number
  readonly caption: string
  /** The bytes of this piece for key and payload, else the value. */
  readonly detail: string
}

export interface BitRow {
  readonly cells: readonly Cell[]
  readonly segments: readonly Segment[]
}

export interface BitRowsOptions {
  /** Bits of a row: 32 as in the RFC, or 16. */
  readonly columns: number
  /** Rows of payload at most. */
  readonly payloadRows: number
}

/** Whole rows, and the number of bits in them; what does not fit in is left out. */
export function bitRows(
  bytes: Uint8Array,
  fields: readonly FrameField[],
  { columns, payloadRows }: BitRowsOptions,
): { rows: BitRow[]; bits: number } {
  const all = bytes.length * 8
  const wanted = Math.min(all, headerBits(fields) + payloadRows * columns)
  const bits = Math.min(Math.ceil(wanted / columns) * columns, all)
  const rows: BitRow[] = []
  for (let start = 0; start < bits; start += columns) {
    const end = Math.min(start + columns, bits)
    rows.push({ cells: cellsOf(bytes, fields, { start, end }), segments: segmentsOf(bytes, fields, { start, end }) })
  }
  return { rows, bits }
}

function headerBits(fields: readonly FrameField[]): number {
  const payload = fields.find((field) => field.name === 'payload')
  const last = fields[fields.length - 1]
  return payload?.start ?? (last === undefined ? 0 : last.start + last.bits)
}

interface Range {
  readonly start: number
  readonly end: number
}

function cellsOf(bytes: Uint8Array, fields: readonly FrameField[], { start, end }: Range): Cell[] {
  const cells: Cell[] = []
  for (let bit = start; bit < end; bit++) {
    const isSet = ((bytes[bit >>> 3]! >>> (7 - (bit & 7))) & 1) === 1
    const field = fields.find((one) => bit >= one.start && bit < one.start + one.bits)
    cells.push({ bit, value: isSet ? '1' : '0', field })
  }
  return cells
}

function segmentsOf(bytes: Uint8Array, fields: readonly FrameField[], { start, end }: Range): Segment[] {
  const segments: Segment[] = []
  for (const field of fields) {
    const from = Math.max(field.start, start)
    const to = Math.min(field.start + field.bits, end)
    if (from >= to) continue
    const isFirst = from === field.start
    const caption = captionOf(field, isFirst)
    const isBytes = field.name === 'payload' || field.name === 'key'
    const detail = isBytes ? hex(bytes.subarray(from / 8, to / 8)) : isFirst && field.bits > 1 ? field.value : ''
    segments.push({ field, from: from - start, bits: to - from, caption, detail })
  }
  return segments
}

/** One bit leaves room for two characters. */
const SHORT: Partial<Record<FieldName, string>> = { RSV1: 'R1', RSV2: 'R2', RSV3: 'R3', MASK: 'M', FIN: 'F' }
const LONG: Partial<Record<FieldName, string>> = {
  length: 'payload len',
  extended: 'extended length',
  key: 'mask key',
}

function captionOf({ name }: FrameField, isFirst: boolean): string {
  const caption = SHORT[name] ?? LONG[name] ?? name
  return isFirst ? caption : `${caption} …`
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join(' ')
}
