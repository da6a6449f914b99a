/**
 * What people type: display names, room names, texts. The same rules run in the page (to tell at once) and in the
 * server (which decides).
 */
import { LIMITS } from './limits.ts'

/** Lower-case letters, digits, `_` and `-`. */
export const ROOM_PATTERN: RegExp = /^[a-z0-9_-]{1,64}$/
/** A client's id of a message: 16 random bytes in base64url without padding. */
export const CID_PATTERN: RegExp = /^[A-Za-z0-9_-]{22}$/

// Bidirectional controls could turn the text around a name; format characters are invisible, but join emoji (U+200D).
const INVISIBLE = /(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const TEXT_CONTROLS = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu
const LONE_SURROGATE = /\p{Cs}/gu
const SPACES = /\s+/gu

let segmenter: Intl.Segmenter | undefined

/** Count what a reader sees as characters. */
export function countGraphemes(text: string): number {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  let count = 0
  for (const _ of segmenter.segment(text)) count += 1
  return count
}

/** Count Unicode code points. */
export function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/**
 * Bring a display name into its stored form: NFC, invisible characters and bidirectional controls removed, spaces folded.
 * Answers `undefined` when 1 to 32 graphemes are not what remains.
 */
export function cleanName(input: string): string | undefined {
  if (input.length > LIMITS.nameGraphemes * 16) return undefined
  const name = input
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(SPACES, ' ')
    .replace(INVISIBLE, '')
    // What stood around something invisible has come together.
    .normalize('NFC')
    .replace(SPACES, ' ')
    .trim()
  const graphemes = countGraphemes(name)
  return graphemes >= 1 && graphemes <= LIMITS.nameGraphemes ? name : undefined
}

/**
 * Bring a chat text into its stored form: line ends as `\n`, control characters removed, blank ends cut. Answers
 * `undefined` when nothing remains, or more than 4000 code points.
 */
export function cleanText(input: string): string | undefined {
  // A code point takes at most two units: what is longer cannot fit, and is not worth looking at.
  if (input.length > LIMITS.textCodePoints * 4) return undefined
  const text = input.replace(LONE_SURROGATE, '\ufffd').replace(/\r\n?/g, '\n').replace(TEXT_CONTROLS, '').trim()
  return text !== '' && countCodePoints(text) <= LIMITS.textCodePoints ? text : undefined
}

/** Tell whether a string can name a room. */
export function isRoomName(input: string): boolean {
  return ROOM_PATTERN.test(input)
}

/** Make a client id of a message from 16 random bytes. */
export function encodeCid(random: Uint8Array): string {
  let binary = ''
  for (const byte of random.subarray(0, 16)) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
