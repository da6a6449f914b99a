/**
 * Sections 12 and 13 of the suite: messages of eighteen sizes, compressed, some of them cut into frames; section 12 with
 * five kinds of content, section 13 with seven outcomes of the negotiation. RFC 7692 7.1, 7.2.
 */
import type { ExtensionOffer } from '../../src/protocol/extension.ts'

/** What is compressed: the text or the bytes that the messages are cut from, one after the other, around the end. */
export interface Content {
  readonly title: string
  readonly source: string | Uint8Array
}

/** What the suite offers in the client's role, and answers in the server's. */
export interface Negotiation {
  readonly title: string
  readonly offers: readonly ExtensionOffer[]
  readonly answer: ExtensionOffer
}

/** One case: `length` counts characters of text or bytes. */
export interface CompressionCase {
  readonly id: string
  readonly content: Content
  readonly negotiation: Negotiation
  readonly length: number
  /** Payload bytes of a frame; 0 for one frame a message. */
  readonly frameSize: number
  /** How many messages are echoed. The suite takes a thousand; here their sum is bounded. */
  readonly count: number
}

const KIB = 1024
const CONTENT_LENGTH = 160 * KIB

/** `[message length, frame size]` of the eighteen cases of each group. */
const SIZES: readonly (readonly [number, number])[] = [
  ...[16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB].map(
    (length) => [length, 0] as const,
  ),
  ...[8, 16, 32, 64, 128].map((kib) => [kib * KIB, 256] as const),
  ...[1, 4, 32].map((kib) => [128 * KIB, kib * KIB] as const),
]

/** The same numbers on every run. */
function* noise(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state >>> 8
  }
}

function written(seed: number, piece: (next: () => number) => string): string {
  const numbers = noise(seed)
  const next = (): number => numbers.next().value
  let result = ''
  while (result.length < CONTENT_LENGTH) result += piece(next)
  return result
}

function drawn(seed: number, byte: (index: number, next: () => number) => number): Uint8Array {
  const numbers = noise(seed)
  const next = (): number => numbers.next().value
  return Uint8Array.from({ length: CONTENT_LENGTH }, (_, index) => byte(index, next))
}

const WORDS =
  'Habe nun ach Philosophie Juristerei und Medizin durchaus studiert mit heißem Bemühn größer schön 文字 — «»'.split(
    ' ',
  )
const word = (next: () => number): string => WORDS[next() % WORDS.length]!

const json: Content = {
  title: 'JSON',
  source: written(
    1,
    (next) => `{"id":${next()},"name":"${word(next)}","tags":["${word(next)}","${word(next)}"],"on":true},`,
  ),
}
const contents: readonly Content[] = [
  json,
  { title: 'an image', source: drawn(2, (index, next) => ((index >> 9) + (index & 511) + (next() & 7)) & 0xff) },
  { title: 'prose', source: written(3, (next) => `${word(next)}${next() % 9 === 0 ? '.\n' : ' '}`) },
  {
    title: 'HTML',
    source: written(4, (next) => `<li class="c${next() % 5}"><a href="/${next()}">${word(next)}</a></li>\n`),
  },
  { title: 'bytes that hardly compress', source: drawn(5, (index, next) => (index % 97 === 0 ? 0x0a : next() & 0xff)) },
]

type Parameters = Readonly<Record<string, string | true>>

function element(parameters: Parameters): ExtensionOffer {
  return { name: 'permessage-deflate', parameters: Object.entries(parameters) }
}

/** The suite always lets the server limit the client in both ways. */
function offer(parameters: Parameters): ExtensionOffer {
  return element({ client_no_context_takeover: true, client_max_window_bits: true, ...parameters })
}

/** The suite asks the same of the other side in both roles: no context takeover, a window, both, or nothing. */
function asking(noTakeover: boolean, windowBits?: number): { offered: ExtensionOffer; answer: ExtensionOffer } {
  const parameters = (side: string): Parameters => ({
    ...(noTakeover ? { [`${side}_no_context_takeover`]: true as const } : {}),
    ...(windowBits === undefined ? {} : { [`${side}_max_window_bits`]: `${windowBits}` }),
  })
  return { offered: offer(parameters('server')), answer: element(parameters('client')) }
}

function negotiation(title: string, ...wishes: ReturnType<typeof asking>[]): Negotiation {
  return { title, offers: wishes.map(({ offered }) => offered), answer: wishes[0]!.answer }
}

const byDefault = negotiation('the default offer', asking(false))
const negotiations: readonly Negotiation[] = [
  byDefault,
  negotiation('no context takeover', asking(true)),
  negotiation('a window of 9 bits', asking(false, 9)),
  negotiation('a window of 15 bits', asking(false, 15)),
  negotiation('no context takeover, a window of 9 bits', asking(true, 9)),
  negotiation('no context takeover, a window of 15 bits', asking(true, 15)),
  negotiation('three offers', asking(true, 9), asking(true), asking(false)),
]

/** Enough messages for a context to matter, few enough for the whole table to take seconds. */
function messageCount(length: number): number {
  return Math.min(20, Math.max(2, Math.floor((64 * KIB) / length)))
}

function group(prefix: string, content: Content, agreed: Negotiation): CompressionCase[] {
  return SIZES.map(([length, frameSize], index) => ({
    id: `${prefix}.${index + 1}`,
    content,
    negotiation: agreed,
    length,
    frameSize,
    count: messageCount(length),
  }))
}

export const compressionCases: readonly CompressionCase[] = [
  ...contents.flatMap((content, index) => group(`12.${index + 1}`, content, byDefault)),
  ...negotiations.flatMap((agreed, index) => group(`13.${index + 1}`, json, agreed)),
]
