/**
 * Takes the opening handshake of a conversation apart: the two heads, the Accept value step by step, what was agreed.
 * RFC 6455 1.3, 4.1 and 4.2.2.
 */
import { createHash } from 'node:crypto'
import { parseDeflateParameters, type DeflateParameters } from '../../extensions/deflate-parameters.ts'
import { WEBSOCKET_GUID } from '../../handshake/accept-key.ts'
import { parseExtensionList } from '../../handshake/header-grammar.ts'
import { Rejection } from '../../handshake/rejection.ts'
import { readServerHandshake } from '../../handshake/server-handshake.ts'

/** An HTTP head: the first line and the fields in their order. RFC 9112 2.1. */
export interface Head {
  readonly startLine: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Bytes up to where the frames begin. */
  readonly length: number
}

/** How the Accept value comes about. */
export interface AcceptSteps {
  readonly key: string
  readonly keyBytes: Uint8Array
  readonly guid: string
  readonly sha1: Uint8Array
  readonly accept: string
  /** What the server answered. */
  readonly answered: string | undefined
}

export interface ExplainedHandshake {
  readonly request: Head | undefined
  readonly response: Head | undefined
  readonly accept: AcceptSteps | undefined
  readonly protocols: { readonly offered: string | undefined; readonly agreed: string | undefined }
  readonly extensions: { readonly offered: string | undefined; readonly agreed: string | undefined }
  /** What permessage-deflate was agreed to mean, if it was; a string says why the answer makes no sense. */
  readonly deflate: DeflateParameters | string | undefined
  /** How a server refuses the request, when it breaks a rule. */
  readonly refusal: { readonly status: number; readonly reason: string } | undefined
  /** False when the server answered something else than 101. */
  readonly switched: boolean
}

const HEAD_END = '\r\n\r\n'

/** Split the head off the front of one direction; `undefined` when it does not begin with one. */
export function splitHead(bytes: Uint8Array): Head | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = buffer.indexOf(HEAD_END)
  if (end === -1 || !looksLikeHead(buffer)) return undefined
  const [startLine = '', ...lines] = buffer.toString('latin1', 0, end).split('\r\n')
  const fields = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':')
    return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return { startLine, fields, length: end + HEAD_END.length }
}

/** Tell whether bytes begin as HTTP/1.1 does: a request line of GET, or a status line. */
export function looksLikeHead(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 7)).toString('latin1')
  return start.startsWith('GET ') || start.startsWith('HTTP/1.')
}

/** Explain the handshake of the two heads, either of which may be missing. */
export function explainHandshake(request: Head | undefined, response: Head | undefined): ExplainedHandshake {
  const agreed = fieldOf(response, 'sec-websocket-extensions')
  return {
    request,
    response,
    accept: acceptSteps(fieldOf(request, 'sec-websocket-key'), fieldOf(response, 'sec-websocket-accept')),
    protocols: {
      offered: fieldOf(request, 'sec-websocket-protocol'),
      agreed: fieldOf(response, 'sec-websocket-protocol'),
    },
    extensions: { offered: fieldOf(request, 'sec-websocket-extensions'), agreed },
    deflate: agreed === undefined ? undefined : deflateOf(agreed),
    refusal: request === undefined ? undefined : refusalOf(request),
    switched: response === undefined || /^HTTP\/1\.1 101(?: |$)/.test(response.startLine),
  }
}

/** Ask the server's side of the handshake what it makes of the request. RFC 6455 4.2.1. */
function refusalOf({ startLine, fields }: Head): ExplainedHandshake['refusal'] {
  const [, method, target, major, minor] = /^(\S+) (\S+) HTTP\/(\d)\.(\d)$/.exec(startLine) ?? []
  if (method === undefined || target === undefined) return { status: 400, reason: 'The request line is malformed.' }
  const decision = readServerHandshake({
    method,
    target,
    httpVersionMajor: Number(major),
    httpVersionMinor: Number(minor),
    rawHeaders: fields.flat(),
  })
  return decision instanceof Rejection ? { status: decision.status, reason: decision.reason } : undefined
}

/** The value of a field; several of one name are one list (RFC 9110 5.3). */
function fieldOf(head: Head | undefined, name: string): string | undefined {
  const values = head?.fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value) ?? []
  return values.length === 0 ? undefined : values.join(', ')
}

function acceptSteps(key: string | undefined, answered: string | undefined): AcceptSteps | undefined {
  if (key === undefined) return undefined
  // RFC 6455 4.2.2: SHA-1 of the key as it stands in the request, not of the bytes it encodes, and the GUID.
  const sha1 = createHash('sha1')
    .update(key + WEBSOCKET_GUID)
    .digest()
  return {
    key,
    keyBytes: Buffer.from(key, 'base64'),
    guid: WEBSOCKET_GUID,
    sha1,
    accept: sha1.toString('base64'),
    answered,
  }
}

function deflateOf(header: string): DeflateParameters | string | undefined {
  const list = parseExtensionList(header)
  if (list === undefined) return 'the answer is no list of extensions'
  const element = list.find(({ name }) => name === 'permessage-deflate')
  return element === undefined ? undefined : parseDeflateParameters(element.parameters, 'response')
}
