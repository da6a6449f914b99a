/**
 * The explanation as JSON for a program: bytes as hex, every violation by its stable id.
 */
import { describeCloseCode } from '../../protocol/close-code.ts'
import type { Conversation } from './conversation.ts'
import { opcodeName } from './field-table.ts'
import type { ExplainedFrame } from './frames.ts'
import type { ExplainedHandshake, Head } from './handshake.ts'

/** Make the value that `--json` prints. */
export function toJson({ handshake, frames, directions }: Conversation): unknown {
  return {
    ...(handshake === undefined ? {} : { handshake: handshakeToJson(handshake) }),
    frames: frames.map(frameToJson),
    rest: { client: toHex(directions.client.rest), server: toHex(directions.server.rest) },
    unread: { client: directions.client.unread, server: directions.server.unread },
  }
}

function handshakeToJson({ request, response, accept, ...rest }: ExplainedHandshake): unknown {
  return {
    ...(request === undefined ? {} : { request: headToJson(request) }),
    ...(response === undefined ? {} : { response: headToJson(response) }),
    ...(accept === undefined
      ? {}
      : { accept: { ...accept, keyBytes: toHex(accept.keyBytes), sha1: toHex(accept.sha1) } }),
    ...rest,
  }
}

function headToJson({ startLine, fields }: Head): unknown {
  return { startLine, fields }
}

function frameToJson(frame: ExplainedFrame): unknown {
  const { header, message, close, found } = frame
  return {
    from: frame.from,
    offset: frame.offset,
    header: toHex(frame.headerBytes),
    fin: header.fin,
    rsv: header.rsv >> 4,
    opcode: header.opcode,
    name: opcodeName(header.opcode),
    masked: header.masked,
    ...(header.masked ? { maskKey: toHex(frame.headerBytes.subarray(-4)) } : {}),
    payloadLength: header.payloadLength,
    missing: frame.missing,
    payload: toHex(frame.payload),
    ...(message === undefined ? {} : { message: { ...message, payload: toHex(message.payload) } }),
    ...(close === undefined ? {} : { close: { ...close, meaning: describeCloseCode(close.code) } }),
    ...(frame.afterClose ? { afterClose: true } : {}),
    ...(found === undefined ? {} : { violation: { ...found.violation, seen: found.seen } }),
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
