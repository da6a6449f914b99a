/**
 * UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. RFC 6455 8.1 wants the connection
 * failed for anything else in a text message, so it is checked as it comes.
 */

const CONTINUATION_LOW = 0x80
const CONTINUATION_HIGH = 0xbf

/**
 * Checks text that comes in pieces, and refuses the first byte that cannot stand where it is. RFC 3629 section 4 gives the
 * bounds: what may follow a lead byte is one range, and only E0, ED, F0 and F4 narrow it for the byte right behind them.
 */
export class Utf8Validator {
  /** Continuation bytes that the sequence begun still needs. */
  #needed = 0
  /** What the next continuation byte may be. */
  #low: number = CONTINUATION_LOW
  #high: number = CONTINUATION_HIGH

  /** Whether the text so far ends with a whole character. */
  get complete(): boolean {
    return this.#needed === 0
  }

  /** Begin anew. */
  reset(): void {
    this.#needed = 0
    this.#low = CONTINUATION_LOW
    this.#high = CONTINUATION_HIGH
  }

  /** Check `bytes[start, end)`; `false` as soon as a byte cannot be UTF-8 behind all that came before. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      if (this.#needed > 0) {
        if (byte < this.#low || byte > this.#high) return false
        this.#needed--
        this.#low = CONTINUATION_LOW
        this.#high = CONTINUATION_HIGH
      } else if (byte >= 0x80 && !this.#lead(byte)) {
        return false
      }
    }
    return true
  }

  #lead(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false // 80-BF continue, C0 and C1 are overlong, F5-FF lie above U+10FFFF
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    if (byte === 0xe0) this.#low = 0xa0 // overlong below
    if (byte === 0xed) this.#high = 0x9f // surrogates above
    if (byte === 0xf0) this.#low = 0x90 // overlong below
    if (byte === 0xf4) this.#high = 0x8f // above U+10FFFF
    return true
  }
}

/** Tell whether `bytes[start, end)` is UTF-8 as a whole. */
export function isUtf8(bytes: Uint8Array, start: number = 0, end: number = bytes.length): boolean {
  let at = start
  while (at < end && bytes[at]! < 0x80) at++
  if (at === end) return true
  const validator = new Utf8Validator()
  return validator.push(bytes, at, end) && validator.complete
}

/**
 * Tell where the character begins that `bytes[start, end)` breaks off in, or `end` when it ends with a whole one. What
 * lies before can be checked in one go, and only the up to three bytes behind have to be carried over.
 */
export function incompleteTailStart(bytes: Uint8Array, start: number, end: number): number {
  for (let back = 1; back <= 3 && end - back >= start; back++) {
    const byte = bytes[end - back]!
    if (byte < 0x80) return end
    if (byte >= 0xc0) {
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      return length > back ? end - back : end
    }
  }
  return end
}

/** Decode `bytes[start, end)`, which is known to be UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  let units: number[] = []
  for (let at = start; at < end;) {
    const byte = bytes[at]!
    if (byte < 0x80) {
      units.push(byte)
      at += 1
    } else if (byte < 0xe0) {
      units.push(((byte & 0x1f) << 6) | (bytes[at + 1]! & 0x3f))
      at += 2
    } else if (byte < 0xf0) {
      units.push(((byte & 0x0f) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f))
      at += 3
    } else {
      const high = ((byte & 0x07) << 18) | ((bytes[at + 1]! & 0x3f) << 12)
      const code = (high | ((bytes[at + 2]! & 0x3f) << 6) | (bytes[at + 3]! & 0x3f)) - 0x10000
      units.push(0xd800 | (code >> 10), 0xdc00 | (code & 0x3ff))
      at += 4
    }
    if (units.length >= 0x1000) {
      text += String.fromCharCode(...units)
      units = []
    }
  }
  return text + String.fromCharCode(...units)
}

/** Tell how many bytes a string takes as UTF-8; a lone surrogate counts as U+FFFD, three bytes. */
export function utf8Length(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) length += 1
    else if (unit < 0x800) length += 2
    else if (isSurrogatePair(text, i)) {
      length += 4
      i++
    } else length += 3
  }
  return length
}

/** Encode a string at `offset`, where there must be room for all of it; answer where it ends. */
export function encodeUtf8(text: string, bytes: Uint8Array, offset: number): number {
  let at = offset
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i)
    if (code < 0x80) {
      bytes[at++] = code
      continue
    }
    if (isSurrogatePair(text, i)) code = 0x10000 + ((code & 0x3ff) << 10) + (text.charCodeAt(++i) & 0x3ff)
    else if ((code & 0xf800) === 0xd800) code = 0xfffd // a lone surrogate has no UTF-8
    if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6)
    } else {
      if (code < 0x10000) {
        bytes[at++] = 0xe0 | (code >> 12)
      } else {
        bytes[at++] = 0xf0 | (code >> 18)
        bytes[at++] = 0x80 | ((code >> 12) & 0x3f)
      }
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f)
    }
    bytes[at++] = 0x80 | (code & 0x3f)
  }
  return at
}

function isSurrogatePair(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00
}
