/**
 * Draws bits as the RFC draws its frames: 32 to a row, fields in boxes. RFC 6455 5.2.
 */
import type { Paint, Tint } from '../paint.ts'

/** One box of the grid. */
export interface GridField {
  /** Each string is a line in the box; a field of one bit writes its first label downwards, as the RFC does. */
  readonly label: readonly string[]
  /** `0` and `1`. */
  readonly bits: string
  readonly tint: Tint
}

const ROW = 32
const INDENT = ' '
const RULER = [
  '0                   1                   2                   3',
  '0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1',
]

/** The part of a field that lies in one row. */
interface Cell {
  readonly field: GridField
  readonly start: number
  readonly bits: string
  readonly continued: boolean
}

/** Draw the fields, one behind the other; answer the lines. */
export function drawBitGrid(fields: readonly GridField[], paint: Paint): string[] {
  const rows = layOut(fields)
  const lines = RULER.map((line) => paint('dim', `${INDENT} ${line}`))
  let above: readonly Cell[] = []
  for (const row of rows) {
    lines.push(paint('dim', border(above, row)), drawBits(row, paint), ...drawLabels(row, paint))
    above = row
  }
  lines.push(paint('dim', border(above, [])))
  return lines
}

/** Bytes as bits. */
export function bitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
}

function layOut(fields: readonly GridField[]): Cell[][] {
  const rows: Cell[][] = []
  let position = 0
  for (const field of fields)
    for (let at = 0; at < field.bits.length;) {
      const start = position % ROW
      const bits = field.bits.slice(at, at + ROW - start)
      if (start === 0) rows.push([])
      rows.at(-1)?.push({ field, start, bits, continued: at > 0 })
      at += bits.length
      position += bits.length
    }
  return rows
}

function endOf(cell: Cell): number {
  return cell.start + cell.bits.length
}

/** The line between two rows: a plus wherever a box of either begins or ends. */
function border(above: readonly Cell[], below: readonly Cell[]): string {
  const corners = new Set([...above, ...below].flatMap((cell) => [cell.start, endOf(cell)]))
  const width = Math.max(0, ...corners)
  let line = INDENT
  for (let bit = 0; bit <= width; bit++) line += (corners.has(bit) ? '+' : '-') + (bit < width ? '-' : '')
  return line
}

function drawRow(row: readonly Cell[], paint: Paint, content: (cell: Cell) => string): string {
  const bar = paint('dim', '|')
  return INDENT + bar + row.map((cell) => paint(cell.field.tint, content(cell)) + bar).join('')
}

function drawBits(row: readonly Cell[], paint: Paint): string {
  return drawRow(row, paint, (cell) => cell.bits.split('').join(' '))
}

function drawLabels(row: readonly Cell[], paint: Paint): string[] {
  const labels = row.map(labelOf)
  const height = Math.max(...labels.map((label) => label.length))
  return Array.from({ length: height }, (_, line) =>
    drawRow(row, paint, (cell) => centre(labels[row.indexOf(cell)]?.[line] ?? '', cell.bits.length * 2 - 1)),
  )
}

function labelOf({ field, bits, continued }: Cell): readonly string[] {
  if (bits.length === 1) return (field.label[0] ?? '').split('')
  if (!continued) return field.label
  return [`${field.label[0] ?? ''} (continued)`]
}

function centre(text: string, width: number): string {
  const cut = text.slice(0, width)
  const left = Math.floor((width - cut.length) / 2)
  return ' '.repeat(left) + cut + ' '.repeat(width - cut.length - left)
}
