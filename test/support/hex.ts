/** Bytes as the standard prints them: `hex('81 05 48')`, and back. */

/** The bytes that pairs of hexadecimal digits name; spaces are for the eye. */
export function hex(digits: string): Uint8Array {
  const plain = digits.replaceAll(' ', '')
  if (plain.length % 2 !== 0 || /[^0-9a-f]/i.test(plain)) throw new TypeError(`no pairs of hex digits: ${digits}`)
  return Uint8Array.from(plain.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** Bytes in hexadecimal digits, one space between two. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** All of them, one behind the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Cut bytes at these places, each piece a copy in memory of its own; empty pieces are left out. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.toSorted((a, b) => a - b), bytes.length]
  return sorted
    .slice(1)
    .map((end, index) => bytes.slice(sorted[index], end))
    .filter((piece) => piece.length > 0)
}
