/**
 * The explanation as text for a person: the handshake, then each frame with its grid, its fields and its payload.
 */
import type { DeflateParameters } from '../../extensions/deflate-parameters.ts'
import type { Paint } from '../paint.ts'
import { count, escapeControls, hex } from '../printable.ts'
import { drawBitGrid } from './bit-grid.ts'
import type { Conversation } from './conversation.ts'
import { drawFieldTable, drawOutcome, outcomeInBrief, drawPayload, gridFields, opcodeName } from './field-table.ts'
import type { ExplainedFrame, Side } from './frames.ts'
import type { AcceptSteps, ExplainedHandshake, Head } from './handshake.ts'

export interface ReportOptions {
  readonly paint: Paint
  /** One line for each frame. */
  readonly brief: boolean
  /** Bytes of each payload to show. */
  readonly payloadLimit: number
}

const LABEL_WIDTH = 22
const ARROWS: Readonly<Record<Side, string>> = { client: 'client -> server', server: 'server -> client' }

/** Write the whole explanation; answer the lines. */
export function drawReport({ handshake, frames, directions }: Conversation, options: ReportOptions): string[] {
  const lines = handshake === undefined ? [] : [...drawHandshake(handshake, options.paint), '']
  frames.forEach((frame, index) => {
    lines.push(...(options.brief ? [drawBrief(frame, index, options)] : [...drawFrame(frame, index, options), '']))
  })
  for (const side of ['client', 'server'] as const) {
    const { rest, unread } = directions[side]
    if (rest.length > 0) {
      lines.push(`${ARROWS[side]}: ${count(rest.length, 'byte')} at the end, less than a header: ${hex(rest)}`)
    }
    if (unread > 0) {
      lines.push(`${ARROWS[side]}: ${count(unread, 'byte')} behind the violation, which an endpoint does not read`)
    }
  }
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function drawFrame(frame: ExplainedFrame, index: number, { paint, payloadLimit }: ReportOptions): string[] {
  const size = frame.headerBytes.length + frame.wirePayload.length
  const title = `frame ${index + 1}: ${opcodeName(frame.header.opcode)}, ${count(size, 'byte')}`
  const where = `${ARROWS[frame.from]}, from byte ${frame.offset}`
  return [
    `${paint('bold', title)}  ${paint(frame.from, where)}`,
    ...drawBitGrid(gridFields(frame), paint),
    ...drawFieldTable(frame, paint),
    ...drawPayload(frame, paint, payloadLimit),
    ...drawOutcome(frame, paint),
  ]
}

function drawBrief(frame: ExplainedFrame, index: number, { paint }: ReportOptions): string {
  const { header, from, found } = frame
  const flags = `${header.fin ? 'FIN' : '...'} ${header.rsv === 0 ? '    ' : `RSV${(header.rsv >> 4).toString(2)}`}`
  const name = opcodeName(header.opcode).padEnd(12)
  const outcome = outcomeInBrief(frame)
  const told = found === undefined ? outcome : paint('bad', outcome)
  const number = String(index + 1).padStart(4)
  return `${number} ${paint(from, ARROWS[from])} ${flags} ${name} ${String(header.payloadLength).padStart(7)}  ${told}`.trimEnd()
}

function drawHandshake(handshake: ExplainedHandshake, paint: Paint): string[] {
  const lines = [paint('bold', 'opening handshake (RFC 6455 section 4)')]
  if (handshake.request !== undefined) lines.push(...drawHead('client', handshake.request, paint))
  if (handshake.response !== undefined) lines.push(...drawHead('server', handshake.response, paint))
  if (handshake.accept !== undefined) lines.push('', ...drawAccept(handshake.accept, paint))
  const { protocols, extensions, refusal } = handshake
  if (refusal !== undefined) {
    lines.push(paint('bad', row('the request', `refused with ${refusal.status}: ${escapeControls(refusal.reason)}`)))
  }
  lines.push(
    '',
    row('subprotocol', agreement(protocols, handshake)),
    row('extensions', agreement(extensions, handshake)),
  )
  if (handshake.deflate !== undefined) lines.push(...drawDeflate(handshake.deflate, paint))
  if (!handshake.switched)
    lines.push(paint('bad', row('no WebSocket', 'the server did not answer 101: no frames follow')))
  return lines
}

function drawHead(side: Side, { startLine, fields }: Head, paint: Paint): string[] {
  const lines = [startLine, ...fields.map(([name, value]) => `${name}: ${value}`)]
  return lines.map((text) => ` ${paint(side, side)}  ${escapeControls(text)}`)
}

function drawAccept({ key, keyBytes, guid, sha1, accept, answered }: AcceptSteps, paint: Paint): string[] {
  const lines = [
    row('Sec-WebSocket-Key', `${escapeControls(key)}  (${count(keyBytes.length, 'byte')}: ${hex(keyBytes, 16)})`),
    row('+ GUID', `${guid}  (4.2.2)`),
    row('SHA-1 of both', hex(sha1)),
    row('in base64', accept),
  ]
  if (keyBytes.length !== 16) lines.push(paint('bad', row('', 'the key must be 16 bytes in base64 (4.1)')))
  if (answered === undefined) return lines
  const same = answered === accept
  const verdict = same ? paint('good', 'the same: accepted') : paint('bad', 'not the same: the client must fail (4.1)')
  return [...lines, row('Sec-WebSocket-Accept', `${escapeControls(answered)}  ${verdict}`)]
}

function agreement(
  { offered, agreed }: { readonly offered: string | undefined; readonly agreed: string | undefined },
  { response }: ExplainedHandshake,
): string {
  const offer = offered === undefined ? 'none offered' : `offered ${escapeControls(offered)}`
  if (response === undefined) return offer
  return `${agreed === undefined ? 'none agreed' : `agreed ${escapeControls(agreed)}`}; ${offer}`
}

function drawDeflate(deflate: DeflateParameters | string, paint: Paint): string[] {
  if (typeof deflate === 'string')
    return [paint('bad', row('permessage-deflate', `${escapeControls(deflate)} (RFC 7692 7.1)`))]
  const describe = (noTakeover: boolean, bits: number | true | undefined): string => {
    const window = typeof bits === 'number' ? bits : 15
    return `window 2^${window}, ${noTakeover ? 'each message by itself' : 'context goes on from message to message'}`
  }
  return [
    row('  client compresses', describe(deflate.clientNoContextTakeover, deflate.clientMaxWindowBits)),
    row('  server compresses', describe(deflate.serverNoContextTakeover, deflate.serverMaxWindowBits)),
  ]
}

function row(name: string, value: string): string {
  return ` ${name.padEnd(LABEL_WIDTH)} ${value}`.trimEnd()
}
