/**
 * The grammar of the header values of an opening handshake, read in one pass and without any lookup by a peer's name.
 * Tokens and quoted strings: RFC 9110 5.6; lists: RFC 9110 5.6.1; Sec-WebSocket-Extensions: RFC 6455 9.1.
 */
import type { ExtensionOffer, ExtensionParameter } from '../protocol/extension.ts'

const TAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const BACKSLASH = 0x5c

/** RFC 9110 5.6.2: `tchar`, everything visible in ASCII but the delimiters. One regular class: linear by construction. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** `TOKEN_CHARACTER[code]` is 1 for a `tchar`, and nothing stands there for codes past ASCII. */
const TOKEN_CHARACTER: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) =>
  TOKEN.test(String.fromCharCode(code)) ? 1 : 0,
)

/** Tell whether a text is a token: one character at least, and none but `tchar`. RFC 9110 5.6.2. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Tell whether two texts are equal but for the case of A-Z; `lower` has none of them. RFC 6455 2.1. */
export function equalsIgnoringCase(text: string, lower: string): boolean {
  if (text.length !== lower.length) return false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // `toLowerCase` would make an ASCII k of the Kelvin sign.
    if ((code >= 0x41 && code <= 0x5a ? code | 0x20 : code) !== lower.charCodeAt(at)) return false
  }
  return true
}

/** Walks over one header value. Every method only moves forward, so whatever is built of them takes linear time. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  /** RFC 9110 5.6.3: optional whitespace is spaces and tabs, nothing else. */
  skipBlank(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== SPACE && code !== TAB) return
      this.#at++
    }
  }

  take(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  /** The token that stands here, or the empty string. */
  token(): string {
    const start = this.#at
    while (TOKEN_CHARACTER[this.#text.charCodeAt(this.#at)] === 1) this.#at++
    return this.#text.slice(start, this.#at)
  }

  /**
   * A quoted token after its opening quote, without the backslashes; `undefined` if it is anything else.
   * RFC 6455 9.1: after unescaping, the value MUST conform to the token grammar. Hence it ends at the first character
   * that cannot be in a token, and a quote that is never closed costs no second look.
   */
  quotedToken(): string | undefined {
    let value = ''
    for (;;) {
      value += this.token()
      if (this.take(QUOTE)) return value === '' ? undefined : value
      if (!this.take(BACKSLASH)) return undefined
      const escaped = this.#text.charAt(this.#at++)
      if (!isToken(escaped)) return undefined
      value += escaped
    }
  }

  /** What stands here up to the next comma or the end, without the blanks around it. */
  element(): string {
    this.skipBlank()
    const comma = this.#text.indexOf(',', this.#at)
    const end = comma === -1 ? this.#text.length : comma
    let last = end
    while (last > this.#at && isBlank(this.#text.charCodeAt(last - 1))) last--
    const element = this.#text.slice(this.#at, last)
    this.#at = end
    return element
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

/**
 * Tell whether a comma-separated list contains an element, in any case. The other elements may be anything: an Upgrade
 * list also names protocols with a version, such as `HTTP/3.0`. RFC 6455 4.2.1.
 */
export function listContains(value: string, lower: string): boolean {
  if (equalsIgnoringCase(value, lower)) return true
  const scanner = new Scanner(value)
  do if (equalsIgnoringCase(scanner.element(), lower)) return true
  while (scanner.take(COMMA))
  return false
}

/**
 * Read `1#token`, as in Sec-WebSocket-Protocol. Empty elements are passed over (RFC 9110 5.6.1.2); `undefined` says that
 * the value is malformed or that nothing is in it. RFC 6455 11.3.4.
 */
export function parseTokenList(value: string): string[] | undefined {
  const scanner = new Scanner(value)
  const tokens: string[] = []
  do {
    scanner.skipBlank()
    const token = scanner.token()
    if (token !== '') tokens.push(token)
    scanner.skipBlank()
  } while (scanner.take(COMMA))
  return scanner.atEnd && tokens.length > 0 ? tokens : undefined
}

/**
 * Read one Sec-WebSocket-Extensions value. Parameters stay in their order, duplicates included, since what they mean is
 * the extension's affair; `undefined` says that the value is malformed or that nothing is in it. RFC 6455 9.1.
 */
export function parseExtensionList(value: string): ExtensionOffer[] | undefined {
  const scanner = new Scanner(value)
  const offers: ExtensionOffer[] = []
  do {
    scanner.skipBlank()
    const name = scanner.token()
    if (name === '') continue
    const parameters = parseParameters(scanner)
    if (parameters === undefined) return undefined
    offers.push({ name, parameters })
  } while (scanner.take(COMMA))
  return scanner.atEnd && offers.length > 0 ? offers : undefined
}

/** `*( ";" extension-param )` up to the next comma. RFC 6455 9.1. */
function parseParameters(scanner: Scanner): ExtensionParameter[] | undefined {
  const parameters: ExtensionParameter[] = []
  scanner.skipBlank()
  while (scanner.take(SEMICOLON)) {
    scanner.skipBlank()
    const name = scanner.token()
    if (name === '') return undefined
    scanner.skipBlank()
    const value = scanner.take(EQUALS) ? parseValue(scanner) : true
    if (value === undefined) return undefined
    parameters.push([name, value])
    scanner.skipBlank()
  }
  return parameters
}

function parseValue(scanner: Scanner): string | undefined {
  scanner.skipBlank()
  if (scanner.take(QUOTE)) return scanner.quotedToken()
  const value = scanner.token()
  return value === '' ? undefined : value
}

/**
 * Write a Sec-WebSocket-Extensions value. RFC 6455 9.1.
 * @throws TypeError when a name or a value is not a token: such an element could not be read back.
 */
export function formatExtensionList(elements: readonly ExtensionOffer[]): string {
  return elements.map(formatElement).join(', ')
}

function formatElement({ name, parameters }: ExtensionOffer): string {
  let text = requireToken(name)
  for (const [parameter, value] of parameters) {
    text += `; ${requireToken(parameter)}`
    if (value !== true) text += `=${requireToken(value)}`
  }
  return text
}

function requireToken(text: string): string {
  if (!isToken(text)) throw new TypeError(`extension element ${JSON.stringify(text)}, a token is required`)
  return text
}
