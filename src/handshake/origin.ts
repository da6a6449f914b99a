/**
 * Which pages may connect. A browser lets any page open a WebSocket to any host and sends the user's cookies along, so the
 * server has to look at Origin: RFC 6455 4.2.2 item 4, 10.2; RFC 6454 7.
 */
import { quoted } from './header-fields.ts'
import { isHost, normalizeHost } from './host.ts'
import { Rejection } from './rejection.ts'

/**
 * - `'same'` (the default): the host and port of Origin are those of the request;
 * - a list of origins such as `'https://example.org'`, and nothing else;
 * - a function of the origin and the requested host; it answers `true` or `false` at once (use `upgrade` to wait);
 * - `'any'`: every page on the web may connect in its visitor's name.
 *
 * A request without Origin does not come from a page, and passes unless it is told to be required.
 */
export type OriginPolicy = 'same' | 'any' | readonly string[] | ((origin: string, host: string) => boolean)

/** Decide on one request: the origin as sent, and the host it asked for. */
export type OriginCheck = (origin: string, host: string) => boolean

/** RFC 6454 6.2: scheme, host, and the port unless it is the scheme's own. */
const ORIGIN = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#@]*)$/

/** The schemes of a page, and those that some programs write instead. */
const WEB_SCHEMES: readonly string[] = ['http', 'https', 'ws', 'wss']

interface Origin {
  readonly scheme: string
  readonly host: string
}

function parseOrigin(text: string): Origin | undefined {
  const [, scheme, host] = ORIGIN.exec(text) ?? []
  if (scheme === undefined || host === undefined || !isHost(host)) return undefined
  const lower = scheme.toLowerCase()
  return { scheme: lower, host: normalizeHost(host, lower) }
}

/**
 * Make the check for a policy.
 * @throws TypeError for anything that is not a policy, and for a listed origin that no browser would ever send.
 */
export function createOriginCheck(policy: OriginPolicy = 'same'): OriginCheck {
  if (policy === 'any') return () => true
  if (policy === 'same') return isSameHost
  if (typeof policy === 'function') return (origin, host) => requireBoolean(policy(origin, host))
  if (Array.isArray(policy)) return createListCheck(policy)
  throw new TypeError(`origin ${quoted(policy)}: 'same', 'any', a list of origins or a function is required`)
}

function isSameHost(text: string, host: string): boolean {
  const origin = parseOrigin(text)
  // Opaque origins are sent as `null` and are nobody's host. RFC 6454 7.3.
  return (
    origin !== undefined && WEB_SCHEMES.includes(origin.scheme) && origin.host === normalizeHost(host, origin.scheme)
  )
}

function createListCheck(list: readonly unknown[]): OriginCheck {
  const allowed = new Set(list.map(canonicalEntry))
  return (text) => allowed.has(canonical(text))
}

function canonical(text: string): string {
  const origin = parseOrigin(text)
  return origin === undefined ? text : `${origin.scheme}://${origin.host}`
}

function canonicalEntry(entry: unknown): string {
  if (typeof entry !== 'string' || (entry !== 'null' && parseOrigin(entry) === undefined))
    throw new TypeError(`origin ${quoted(entry)} in the list: scheme://host[:port] without a path is required, or null`)
  return canonical(entry)
}

/** A promise is truthy: an asynchronous function here would let everybody in. */
function requireBoolean(answer: unknown): boolean {
  if (typeof answer !== 'boolean')
    throw new TypeError(`the origin function returned ${quoted(answer)}, true or false is required`)
  return answer
}

/** Apply a check to a handshake. RFC 6455 4.2.2, item 4: an unacceptable origin is answered with 403. */
export function checkOrigin(
  { origin, host }: { readonly origin: string | undefined; readonly host: string },
  check: OriginCheck,
  isRequired: boolean = false,
): Rejection | undefined {
  // RFC 6455 4.1: browsers MUST send it; for other clients it is optional.
  if (origin === undefined) return isRequired ? new Rejection(403, 'An Origin is required here.') : undefined
  if (check(origin, host)) return undefined
  return new Rejection(403, `The origin ${quoted(origin)} is not allowed here.`)
}
