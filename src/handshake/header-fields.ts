/**
 * Header fields of a handshake on both ways: found in the flat list Node gives, and taken from an application with every
 * character checked. RFC 9110 5; RFC 9112 5.
 */
import { equalsIgnoringCase, isToken } from './header-grammar.ts'

/** One line of a message head. */
export type HeaderField = readonly [name: string, value: string]

type HeaderValue = string | number | readonly string[] | undefined

/** How an application may give header fields: a record, or anything iterable in pairs, such as `Headers` or a `Map`. */
export type HeaderInput = Readonly<Record<string, HeaderValue>> | Iterable<readonly [string, HeaderValue]>

/**
 * RFC 9110 5.5: visible ASCII, spaces and tabs. CR, LF and NUL would let a value write header lines of its own; what is
 * beyond ASCII has no encoding that both ends agree on.
 */
const FIELD_VALUE = /^[\t\x20-\x7e]*$/

const NONE: readonly string[] = []

/** How much of a text that came from elsewhere is repeated in a message. */
const QUOTED_LENGTH = 64

/**
 * Find every value of a header in `rawHeaders` (name, value, name, value …), in the order they came. The names of a
 * peer are only ever compared, never used as keys.
 */
export function valuesOf(rawHeaders: readonly string[], lowerName: string): readonly string[] {
  let values: string[] | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length !== lowerName.length || !equalsIgnoringCase(name, lowerName)) continue
    const value = rawHeaders[at + 1] as string
    // Mostly there is but one: an array that begins empty makes room for many.
    if (values === undefined) values = [value]
    else values.push(value)
  }
  return values ?? NONE
}

/** Repeat a text from elsewhere in a message: short, in quotes, and without a character that could mean anything. */
export function quoted(value: unknown): string {
  const text = String(value)
  const harmless = text.slice(0, QUOTED_LENGTH).replaceAll(/[^\w !#$%()*+,\-./:;=?@[\]^{|}~]/g, '?')
  return text.length > QUOTED_LENGTH ? `"${harmless}…"` : `"${harmless}"`
}

/** Tell whether a text can be the value of a header field that this end sends. */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text)
}

/**
 * Check the header fields an application wants to send and bring them to pairs.
 * @param isReserved tells which names (in lower case) the handshake writes itself.
 * @throws TypeError for a name that is no token or is reserved, and for a value with CR, LF, NUL or anything but ASCII.
 */
export function readHeaderInput(
  input: HeaderInput | undefined,
  isReserved: (lowerName: string) => boolean,
): HeaderField[] {
  const fields: HeaderField[] = []
  if (input === undefined) return fields
  if (typeof input !== 'object' || input === null)
    throw new TypeError(`headers ${quoted(input)}, a record or a list of pairs is required`)
  const pairs = isIterable(input) ? input : Object.entries(input)
  for (const [name, value] of pairs) {
    if (value === undefined) continue
    if (!isToken(name)) throw new TypeError(`header name ${quoted(name)}, a token is required (RFC 9110 5.6.2)`)
    if (isReserved(name.toLowerCase())) throw new TypeError(`header ${name} is set by the handshake itself`)
    if (Array.isArray(value)) for (const one of value) fields.push([name, checkValue(name, one)])
    else fields.push([name, checkValue(name, value)])
  }
  return fields
}

function isIterable(input: HeaderInput): input is Iterable<readonly [string, HeaderValue]> {
  return Symbol.iterator in input
}

function checkValue(name: string, value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') throw new TypeError(`header ${name} is of type ${typeof text}, a string is required`)
  if (!isFieldValue(text))
    throw new TypeError(`header ${name} has a character outside of visible ASCII, space and tab (RFC 9110 5.5)`)
  return text
}

/** Write header fields as lines, each with its CRLF. RFC 9112 5. */
export function formatFields(fields: readonly HeaderField[]): string {
  let lines = ''
  for (const [name, value] of fields) lines += `${name}: ${value}\r\n`
  return lines
}
