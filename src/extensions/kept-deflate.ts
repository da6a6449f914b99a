/**
 * Small messages, compressed and decompressed with a zlib object that is kept from one to the next. Both give what the
 * one-shot functions would give, or `undefined` for those to find out. RFC 7692 7.1.1, 7.2.1 and 7.2.2.
 */
import { constants, type ZlibOptions } from 'node:zlib'
import type { DeflateHistory } from './deflate-history.ts'
import { fittedWindowBits, SMALL_MEM_LEVEL } from './deflate-message.ts'
import type { DeflateSettings } from './deflate-options.ts'
import { ContextSlot, KeptContexts, SharedContext, type ContextPlace } from './kept-contexts.ts'
import { ZlibContext } from './zlib-context.ts'

const { Z_BLOCK, Z_SYNC_FLUSH } = constants

/** What is small: with more it is zlib's own work that counts, and a larger window than is kept pays. */
export const MOST_KEPT = 4096

/** RFC 7692 7.2.1 and 7.2.2: the four octets that a message is sent without. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)
/** Told to stop where a block ends, zlib leaves the octet after the tail unread if the message ended where it had to. */
const TAIL_AND_NEXT = Uint8Array.of(...TAIL, 0x00)
/**
 * That octet and what it begins: two empty blocks without compression (RFC 1951 3.2.4). A message cut off inside a
 * block may happen to end it with the tail; then what is left of the tail, bits that are all ones, spoils one of these.
 */
const EMPTY_BLOCKS = Uint8Array.of(0x00, ...TAIL, 0x00, ...TAIL)

/** zlib has written before it returns, so all connections share the place for it. */
const scratch = new Uint8Array(64 * 1024)

const deflaters = new KeptContexts()
const inflaters = new KeptContexts()
const shared = new Map<string, SharedContext>()

/** The sending half of one connection. */
export class KeptDeflater {
  readonly #settings: DeflateSettings
  readonly #windowBits: number
  readonly #place: ContextPlace

  constructor(settings: DeflateSettings, windowBits: number, takeover: boolean) {
    this.#settings = settings
    this.#windowBits = fittedWindowBits(MOST_KEPT + settings.deflateHistory, windowBits)
    const { level, memLevel, strategy } = settings
    this.#place =
      takeover && settings.deflateHistory > 0
        ? new ContextSlot(deflaters)
        : sharedPlace(`deflate ${this.#windowBits} ${level} ${memLevel} ${strategy}`)
  }

  /** Compress one message, tail included. */
  deflate(input: Uint8Array, history: DeflateHistory | undefined): Uint8Array | undefined {
    if (input.length > Math.min(MOST_KEPT, this.#settings.asyncThreshold)) return this.drop()
    const context = this.#place.use(this.#settings.contextLimit, () => this.#make(history))
    if (context === undefined) return undefined
    if (context.write(Z_SYNC_FLUSH, input, scratch) && context.room > 0) return scratchUpTo(context)
    return this.drop()
  }

  /** What was compressed last was not sent, or something else was. */
  drop(): undefined {
    this.#place.drop()
  }

  #make(history: DeflateHistory | undefined): ZlibContext | undefined {
    const { level, memLevel, strategy } = this.#settings
    const windowBits = this.#windowBits
    return ZlibContext.deflate({
      ...{ windowBits, level, strategy, memLevel: Math.min(memLevel, SMALL_MEM_LEVEL) },
      ...dictionary(history),
    })
  }
}

/** The receiving half of one connection. */
export class KeptInflater {
  readonly #settings: DeflateSettings
  readonly #windowBits: number
  readonly #takeover: boolean
  readonly #place: ContextPlace
  /** A peer that sends what cannot be read this way will do so again. */
  #isOfNoUse = false

  constructor(settings: DeflateSettings, windowBits: number, takeover: boolean) {
    this.#settings = settings
    this.#windowBits = windowBits
    this.#takeover = takeover
    this.#place = takeover ? new ContextSlot(inflaters) : sharedPlace(`inflate ${windowBits}`)
  }

  /** Decompress one message, which came without its tail and may have `limit` plain bytes. */
  inflate(input: Uint8Array, history: DeflateHistory | undefined, limit: number): Uint8Array | undefined {
    const { asyncThreshold, contextLimit } = this.#settings
    if (input.length > Math.min(MOST_KEPT, asyncThreshold) || this.#isOfNoUse) return this.drop()
    // Without context takeover a message may refer to its own earlier parts: too rare to be worth an object.
    if (!this.#takeover && history !== undefined) return undefined
    const make = (): ZlibContext | undefined =>
      ZlibContext.inflate({ windowBits: this.#windowBits, ...dictionary(history) })
    const context = this.#place.use(contextLimit, make)
    if (context === undefined) return undefined
    const output = inflateMessage(context, input, limit)
    if (output !== undefined) return output
    this.#isOfNoUse = true
    return this.drop()
  }

  /** Something was decompressed elsewhere. */
  drop(): undefined {
    this.#place.drop()
  }
}

function inflateMessage(context: ZlibContext, input: Uint8Array, limit: number): Uint8Array | undefined {
  if (!context.write(Z_SYNC_FLUSH, input, scratch) || context.unread > 0 || context.room === 0) return undefined
  const output = scratchUpTo(context)
  if (output.length > limit) return undefined
  const isWhole = unreadOf(context, Z_BLOCK, TAIL_AND_NEXT) === 1
  return isWhole && unreadOf(context, Z_SYNC_FLUSH, EMPTY_BLOCKS) === 0 ? output : undefined
}

/** How many octets behind a message zlib leaves unread; -1 if it makes something of those it reads. */
function unreadOf(context: ZlibContext, flush: number, input: Uint8Array): number {
  return context.write(flush, input, scratch) && context.room === scratch.length ? context.unread : -1
}

/** The place of all connections that are alike, where no message refers to another. */
function sharedPlace(key: string): SharedContext {
  let place = shared.get(key)
  if (place === undefined) shared.set(key, (place = new SharedContext()))
  return place
}

function dictionary(history: DeflateHistory | undefined): ZlibOptions {
  return history === undefined || history.length === 0 ? {} : { dictionary: history.bytes() }
}

function scratchUpTo(context: ZlibContext): Uint8Array {
  const length = scratch.length - context.room
  const copy = Buffer.allocUnsafe(length)
  copy.set(scratch.subarray(0, length))
  return copy
}
