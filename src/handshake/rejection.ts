/**
 * A handshake that is refused: the status, one sentence for the body, and the header fields that go with it.
 * RFC 6455 4.2.2 (any status but 101 refuses), 4.4 (426); RFC 9110 15 (statuses).
 */
import { formatFields, readHeaderInput } from './header-fields.ts'
import type { HeaderField, HeaderInput } from './header-fields.ts'

/** RFC 9110 15: the reason phrases of the statuses that refuse handshakes. Any other goes without: it is optional. */
const PHRASES: ReadonlyMap<number, string> = new Map([
  [301, 'Moved Permanently'],
  [302, 'Found'],
  [303, 'See Other'],
  [307, 'Temporary Redirect'],
  [308, 'Permanent Redirect'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [402, 'Payment Required'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [406, 'Not Acceptable'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [421, 'Misdirected Request'],
  [422, 'Unprocessable Content'],
  [426, 'Upgrade Required'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [451, 'Unavailable For Legal Reasons'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
])

/** RFC 9110 15: redirections and errors; anything below would say that the request went well. */
const FIRST_STATUS = 300
const LAST_STATUS = 599

/** What else may be said in a refusal. */
export interface RejectionOptions {
  /** Further header fields, `WWW-Authenticate` or `Retry-After` for example. Default: none. */
  readonly headers?: HeaderInput | undefined
  /** The body. Default: the reason and a line end. */
  readonly body?: string | undefined
}

/** A refused handshake. Made by `reject` and by the handshake itself, written by `renderRejection`. */
export class Rejection {
  readonly status: number
  /** One sentence: what was seen, what is required. */
  readonly reason: string
  readonly headers: readonly HeaderField[]
  readonly body: string

  constructor(status: number, reason: string, { headers, body }: RejectionOptions = {}) {
    if (!Number.isInteger(status) || status < FIRST_STATUS || status > LAST_STATUS)
      throw new RangeError(`status ${status}, an integer from ${FIRST_STATUS} to ${LAST_STATUS} is required`)
    if (body !== undefined && typeof body !== 'string')
      throw new TypeError(`body of type ${typeof body}, a string is required`)
    if (typeof reason !== 'string') throw new TypeError(`reason of type ${typeof reason}, a string is required`)
    this.status = status
    this.reason = reason
    this.headers = readHeaderInput(headers, isFraming)
    this.body = body ?? `${reason}\n`
  }
}

/**
 * Refuse a handshake from `upgrade`. RFC 6455 4.2.2.
 * @param status 300 to 599.
 * @param body what is answered, as plain text unless `headers` has a `Content-Type`. Default: the reason phrase of the status.
 * @param headers further fields.
 * @throws RangeError for another status, TypeError for a body or header fields that cannot be sent.
 * @example reject(401, 'The token has expired.', { 'WWW-Authenticate': 'Bearer' })
 */
export function reject(status: number, body?: string, headers?: HeaderInput): Rejection {
  const reason = body ?? PHRASES.get(status) ?? 'Refused'
  return new Rejection(status, reason, { headers, body: reason })
}

/** RFC 9112 6: what tells where a message ends is ours alone. */
function isFraming(lowerName: string): boolean {
  return lowerName === 'connection' || lowerName === 'content-length' || lowerName === 'transfer-encoding'
}

/** Write the whole answer over HTTP/1.1, to be sent in UTF-8. It ends the connection: what follows cannot be trusted. */
export function renderRejection(rejection: Rejection): string {
  const { status, headers, body } = rejection
  // RFC 9110 7.8: who sends Upgrade MUST also name it in Connection.
  const connection = hasField(headers, 'upgrade') ? 'close, Upgrade' : 'close'
  return (
    `HTTP/1.1 ${status} ${PHRASES.get(status) ?? ''}\r\n` +
    `Connection: ${connection}\r\n` +
    (hasField(headers, 'content-type') ? '' : 'Content-Type: text/plain; charset=utf-8\r\n') +
    `Content-Length: ${Buffer.byteLength(body)}\r\n` +
    `${formatFields(headers)}\r\n${body}`
  )
}

/** Tell whether a field is among them, by its name in lower case. */
export function hasField(fields: readonly HeaderField[], lowerName: string): boolean {
  return fields.some(([name]) => name.toLowerCase() === lowerName)
}

/** The answer to plain HTTP on a WebSocket endpoint. RFC 9110 15.5.22: a 426 MUST name the protocol in Upgrade. */
export function upgradeRequired(reason: string = 'This address speaks WebSocket, an upgrade is required.'): Rejection {
  return new Rejection(426, reason, { headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' } })
}

/** The answer to an upgrade on a path that is not served. */
export function pathNotServed(): Rejection {
  return new Rejection(404, 'No WebSocket is served at this path.')
}

/** The answer to an upgrade while the server is going down. RFC 9110 10.2.3: when to come back, in seconds. */
export function serverClosing(retryAfter: number = 5): Rejection {
  return new Rejection(503, 'The server is closing.', { headers: { 'Retry-After': String(retryAfter) } })
}

/** The answer to an upgrade when there are too many. */
export function serverBusy(retryAfter: number = 1): Rejection {
  return new Rejection(503, 'The server is busy.', { headers: { 'Retry-After': String(retryAfter) } })
}
