/**
 * The lines below the grid: each field of a frame with its bits, its value, what it means and where that stands.
 */
import { CloseCode, describeCloseCode } from '../../protocol/close-code.ts'
import { LENGTH_16, LENGTH_64, LENGTH_BITS, MASK_KEY_LENGTH } from '../../protocol/frame-header.ts'
import { Opcode, isControl, isDefinedOpcode } from '../../protocol/opcode.ts'
import { Violations } from '../../protocol/violation.ts'
import type { Paint, Tint } from '../paint.ts'
import { ascii, count, hex, quote } from '../printable.ts'
import { bitsOf, type GridField } from './bit-grid.ts'
import type { ExplainedFrame, ExplainedMessage, Found } from './frames.ts'

/** One line of the table. */
interface Row {
  readonly name: string
  readonly tint: Tint
  readonly value: string
  readonly meaning: string
  readonly section: string
}

const NAME_WIDTH = 9
const BYTES_A_LINE = 16
/** Payload bytes that the grid shows as bits. */
const GRID_PAYLOAD = 4

const OPCODE_NAMES: ReadonlyMap<number, string> = new Map([
  [Opcode.Continuation, 'continuation'],
  [Opcode.Text, 'text'],
  [Opcode.Binary, 'binary'],
  [Opcode.Close, 'close'],
  [Opcode.Ping, 'ping'],
  [Opcode.Pong, 'pong'],
])

/** The name of an opcode, as RFC 6455 5.2 has it. */
export function opcodeName(opcode: number): string {
  return OPCODE_NAMES.get(opcode) ?? 'reserved'
}

/** The boxes of a frame's grid: its header, and the first bytes of its payload as they stand on the wire. */
export function gridFields({ header, headerBytes, wirePayload }: ExplainedFrame): GridField[] {
  const bits = bitsOf(headerBytes)
  const keyBits = header.masked ? MASK_KEY_LENGTH * 8 : 0
  const shown = wirePayload.subarray(0, GRID_PAYLOAD)
  const fields: GridField[] = [
    { label: ['FIN'], bits: bits.slice(0, 1), tint: 'fin' },
    { label: ['RSV1'], bits: bits.slice(1, 2), tint: 'rsv' },
    { label: ['RSV2'], bits: bits.slice(2, 3), tint: 'rsv' },
    { label: ['RSV3'], bits: bits.slice(3, 4), tint: 'rsv' },
    { label: ['opcode', '(4)'], bits: bits.slice(4, 8), tint: 'opcode' },
    { label: ['MASK'], bits: bits.slice(8, 9), tint: 'mask' },
    { label: ['Payload len', '(7)'], bits: bits.slice(9, 16), tint: 'length' },
    { label: ['Extended payload length'], bits: bits.slice(16, bits.length - keyBits), tint: 'length' },
    { label: ['Masking-key'], bits: bits.slice(bits.length - keyBits), tint: 'key' },
    { label: ['Payload data'], bits: bitsOf(shown), tint: 'payload' },
  ]
  return fields.filter((field) => field.bits !== '')
}

/** The table of a frame's fields, one line each. */
export function drawFieldTable(frame: ExplainedFrame, paint: Paint): string[] {
  const rows = fieldRows(frame)
  const width = Math.max(...rows.map((row) => row.value.length))
  return rows.map(({ name, tint, value, meaning, section }) => {
    const left = `${paint(tint, name.padEnd(NAME_WIDTH))} ${paint('bold', value.padEnd(width))}`
    return ` ${left}  ${meaning} ${paint('dim', `(${section})`)}`
  })
}

function fieldRows({ header, headerBytes, missing, from }: ExplainedFrame): Row[] {
  const bits = bitsOf(headerBytes)
  const rows: Row[] = [
    { name: 'FIN', tint: 'fin', value: bits.slice(0, 1), meaning: describeFin(header), section: '5.2, 5.4' },
    { name: 'RSV1-3', tint: 'rsv', value: bits.slice(1, 4), meaning: describeRsv(header.rsv), section: '5.2' },
    {
      name: 'opcode',
      tint: 'opcode',
      value: bits.slice(4, 8),
      meaning: `0x${header.opcode.toString(16)}, ${describeOpcode(header.opcode)}`,
      section: '5.2',
    },
    {
      name: 'MASK',
      tint: 'mask',
      value: bits.slice(8, 9),
      meaning: describeMask(header.masked, from),
      section: '5.1, 5.3',
    },
    {
      name: 'length',
      tint: 'length',
      value: bits.slice(9, 16),
      meaning: describeLength(headerBytes, header.payloadLength, missing),
      section: '5.2',
    },
  ]
  if (header.masked) {
    const key = hex(headerBytes.subarray(-MASK_KEY_LENGTH))
    rows.push({ name: 'key', tint: 'key', value: key, meaning: 'chosen at random for this frame', section: '5.3' })
  }
  return rows
}

function describeFin({ fin, opcode }: ExplainedFrame['header']): string {
  if (isControl(opcode)) return fin ? 'whole, as every control frame is' : 'more fragments follow'
  return fin ? 'the message ends with this frame' : 'the message goes on in later frames'
}

function describeRsv(rsv: number): string {
  if (rsv === 0) return 'no extension marks this frame'
  return rsv === 0x40 ? 'RSV1: the message is compressed, if RFC 7692 was agreed' : 'bits for extensions to come'
}

function describeMask(masked: boolean, from: ExplainedFrame['from']): string {
  const must = from === 'client' ? 'a client must mask' : 'a server must not mask'
  return `${masked ? 'masked' : 'not masked'}; ${must}`
}

function describeOpcode(opcode: number): string {
  if (!isDefinedOpcode(opcode)) return isControl(opcode) ? 'reserved, a control frame' : 'reserved, a data frame'
  return isControl(opcode) ? `${opcodeName(opcode)}, a control frame` : `${opcodeName(opcode)}, a data frame`
}

function describeLength(headerBytes: Uint8Array, length: number, missing: number): string {
  const short = (headerBytes[1] ?? 0) & LENGTH_BITS
  const where =
    short === LENGTH_16
      ? `126: the length stands in the next 16 bits: `
      : short === LENGTH_64
        ? `127: the length stands in the next 64 bits: `
        : ''
  return `${where}${count(length, 'byte')}${missing > 0 ? `, ${missing} of them missing here` : ''}`
}

/** The payload: on the wire, the key beneath it, and what comes out. RFC 6455 5.3. */
export function drawPayload(
  { header, headerBytes, wirePayload, payload }: ExplainedFrame,
  paint: Paint,
  limit: number,
): string[] {
  const lines: string[] = []
  const key = headerBytes.subarray(-MASK_KEY_LENGTH)
  const length = Math.min(payload.length, limit)
  for (let at = 0; at < length; at += BYTES_A_LINE) {
    const end = Math.min(at + BYTES_A_LINE, length)
    if (header.masked) {
      const keys = Uint8Array.from({ length: end - at }, (_, i) => key[(at + i) % MASK_KEY_LENGTH] ?? 0)
      lines.push(line('wire', hex(wirePayload.subarray(at, end))), paint('key', line('XOR key', hex(keys))))
    }
    const plain = payload.subarray(at, end)
    const letters = ascii(plain).split('').join('  ')
    lines.push(paint('bold', line('payload', hex(plain))), paint('dim', line('', letters)))
  }
  if (payload.length > limit) lines.push(paint('dim', line('', `and ${count(payload.length - limit, 'byte')} more`)))
  return lines.map((text) => text.trimEnd())
}

function line(name: string, value: string): string {
  return ` ${name.padEnd(NAME_WIDTH)} ${value}`
}

/** What a frame brought about: a message, a close, a violation. */
export function drawOutcome(frame: ExplainedFrame, paint: Paint): string[] {
  const lines: string[] = []
  const { message, close, found } = frame
  if (message !== undefined) lines.push(line('message', describeMessage(message)))
  if (close !== undefined) {
    const reason = close.reason === '' ? '' : `, reason ${quote(close.reason)}`
    const code =
      close.code === CloseCode.NoStatusReceived ? 'no code in the body, reported as 1005' : String(close.code)
    lines.push(line('close', `${code}: ${describeCloseCode(close.code)}${reason}`))
  }
  if (frame.afterClose) lines.push(line('ignored', 'it came behind a Close frame (5.5.1)'))
  if (found !== undefined) lines.push(...drawViolation(found, paint))
  return lines
}

/** The same in a few words. */
export function outcomeInBrief({ message, close, found, afterClose }: ExplainedFrame): string {
  if (found !== undefined) {
    const { id, section, closeCode } = found.violation
    return `${id}: ${found.seen} (${section}); Close ${closeCode}`
  }
  if (afterClose) return 'ignored, it came behind a Close frame'
  if (message !== undefined) return describeMessage(message)
  if (close === undefined) return ''
  if (close.code === CloseCode.NoStatusReceived) return 'no code, reported as 1005'
  return `${close.code}${close.reason === '' ? '' : ` ${quote(close.reason)}`}`
}

function describeMessage({ type, frames, wireLength, compressed, payload, text }: ExplainedMessage): string {
  const size = compressed ? `${wireLength} bytes inflated to ${payload.length}` : count(payload.length, 'byte')
  const content = text === undefined ? hex(payload, BYTES_A_LINE) : quote(text, 400)
  return `${type}, ${size} in ${count(frames, 'frame')}${payload.length === 0 ? '' : `: ${content}`}`
}

function drawViolation({ violation, seen }: Found, paint: Paint): string[] {
  const { id, rule, section, closeCode } = violation
  const answer = `the endpoint fails the connection with Close ${closeCode}, ${describeCloseCode(closeCode)}`
  const lines = [
    paint('bad', line('violation', `${id}: ${seen}`)),
    line('rule', `${rule} (${section})`),
    line('answer', answer),
  ]
  if (violation === Violations.ReservedBits) lines.push(line('hint', 'if permessage-deflate was agreed, say --deflate'))
  return lines
}
