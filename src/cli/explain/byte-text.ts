/**
 * Reads bytes that were written as text: hex as people type it, dumps of xxd and hexdump -C, base64. RFC 4648 4 and 5.
 */

/** `0000000: 8185 37fa …  ASCII` of xxd, `00000000  81 85 …  |ASCII|` of hexdump -C: the offset, then groups of hex. */
const DUMP_LINE =
  /^[0-9a-f]{4,16}(?::\s|\s{2})\s*((?:[0-9a-f]{2}){1,16}(?:\s{1,2}(?:[0-9a-f]{2}){1,16})*)(?:\s{2}.*|\s*)$/i
/** hexdump -C ends with the offset alone. */
const DUMP_END = /^[0-9a-f]{4,16}$/i

/** Read hex: pairs of digits, with `0x`, commas, colons and white space anywhere between them, or a dump. */
export function parseHex(text: string): Uint8Array | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const dump = parseDump(lines)
  if (dump !== undefined) return dump
  const digits = text.replaceAll(/0x|\\x|[\s,:;-]/gi, '')
  return isPairsOfHex(digits) ? Buffer.from(digits, 'hex') : undefined
}

function parseDump(lines: readonly string[]): Uint8Array | undefined {
  const matches = lines.map((line) => DUMP_LINE.exec(line)?.[1])
  if (DUMP_END.test(lines.at(-1) ?? '') && lines.length > 1) matches.pop()
  if (matches.length === 0 || matches.some((match) => match === undefined)) return undefined
  return Buffer.from(matches.join('').replaceAll(/\s/g, ''), 'hex')
}

/** Read base64, with either alphabet, padded or not. */
export function parseBase64(text: string): Uint8Array | undefined {
  const letters = text.replaceAll(/\s/g, '')
  if (letters === '' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(letters)) return undefined
  return letters.replace(/=+$/, '').length % 4 === 1 ? undefined : Buffer.from(letters, 'base64')
}

function isPairsOfHex(digits: string): boolean {
  return digits !== '' && digits.length % 2 === 0 && /^[0-9a-f]+$/i.test(digits)
}
