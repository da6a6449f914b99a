/**
 * Bytes and foreign text in a form that is safe to print: what a peer sent must not steer the terminal.
 */

/** Bytes as `48 65 6c`, at most `limit` of them. */
export function hex(bytes: Uint8Array, limit: number = bytes.length): string {
  const shown = Array.from(bytes.subarray(0, limit), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return bytes.length > limit ? `${shown} …` : shown
}

/** The bytes as letters below their hex: one for each byte, a dot for what is no printable ASCII. */
export function ascii(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
}

/** Text in quotes with every control and format character escaped, cut at `limit` characters. */
export function quote(text: string, limit: number = Number.POSITIVE_INFINITY): string {
  const cut = text.length > limit
  const shown = cut ? text.slice(0, limit).replace(/[\ud800-\udbff]$/, '') : text
  return `"${escapeControls(shown).replaceAll('"', String.raw`\"`)}"${cut ? ` … (${text.length} characters)` : ''}`
}

/** Text on one line, with every control and format character escaped. */
export function escapeControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    if (character === '\n') return String.raw`\n`
    if (character === '\r') return String.raw`\r`
    if (character === '\t') return String.raw`\t`
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}

/** `1 byte`, `2 bytes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
