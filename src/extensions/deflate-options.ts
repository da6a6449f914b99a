/**
 * The options of permessage-deflate, under the names that users of `ws` know, and their checks. RFC 7692 section 7.1
 * names the first four; the others are ours alone and never show on the wire.
 */

/** The smallest and the largest exponent of an LZ77 window. RFC 7692 7.1.2. */
export const MIN_WINDOW_BITS = 8
export const MAX_WINDOW_BITS = 15
/**
 * The smallest window zlib can deflate a raw stream with: asked for 8 it silently takes 9. So nobody here ever promises to
 * compress with 8; a peer's window of 8 is always inflated.
 */
export const MIN_DEFLATE_WINDOW_BITS = 9

/** How zlib compresses; each value as in `node:zlib`. */
export interface ZlibDeflateOptions {
  /** -1 to 9, where -1 is 6 for zlib; default 1. */
  readonly level?: number
  /** 1 to 9; default 8. Small messages take less by themselves. */
  readonly memLevel?: number
  /** 0 to 4; default 0 (`Z_DEFAULT_STRATEGY`). */
  readonly strategy?: number
  /** The largest piece of output that is allocated at once, in bytes; from 64; default 65,536. */
  readonly chunkSize?: number
}

/** How zlib decompresses; the value as in `node:zlib`. */
export interface ZlibInflateOptions {
  /** The largest piece of output that is allocated at once, in bytes; from 64; default 65,536. */
  readonly chunkSize?: number
}

/** Options of permessage-deflate, for a server and for a client. RFC 7692 section 7. */
export interface PerMessageDeflateOptions {
  /** The server forgets each message after it: less memory, larger messages. Default: what the client asks for. 7.1.1.1 */
  readonly serverNoContextTakeover?: boolean
  /** The client forgets each message after it. Default: what the other side asks for. 7.1.1.2 */
  readonly clientNoContextTakeover?: boolean
  /** The largest window of the server: 9 to 15 on a server, 8 to 15 on a client; default 15. 7.1.2.1 */
  readonly serverMaxWindowBits?: number
  /**
   * The largest window of the client. On a server 8 to 15, and a client that does not let itself be limited is declined;
   * `true` for no limit. Default there: 12 for whoever takes context over and lets itself be limited, which is 4 KiB to
   * remember of each instead of 32. On a client 9 to 15; `true` (the default) lets the server choose, `false` does not.
   * 7.1.2.2
   */
  readonly clientMaxWindowBits?: number | boolean
  /** Messages of fewer bytes are sent as they are; default 1024. Messages sent in parts are always compressed. */
  readonly threshold?: number
  /** Jobs of this process in zlib's thread pool at a time; small messages do not count; from 1; default 4. */
  readonly concurrencyLimit?: number
  readonly zlibDeflateOptions?: ZlibDeflateOptions
  readonly zlibInflateOptions?: ZlibInflateOptions
  /**
   * Messages of more bytes are compressed in zlib's thread pool, smaller ones at once; default 32,768. A message may
   * inflate at once to four times as much. 0 sends everything to the pool, `Infinity` nothing.
   */
  readonly asyncThreshold?: number
  /**
   * A message that inflates to more than this many times its bytes on the wire fails the connection with 1009; from 1;
   * default `Infinity`. Deflate reaches about 1030. The first 16 KiB of a message are always free.
   */
  readonly maxInflateRatio?: number
  /**
   * How many connections of this process keep a zlib object for small messages, the most active ones, in each direction;
   * 0 for none; default 64. The others give it what it has to remember with each message, which takes longer.
   */
  readonly contextLimit?: number
  /** How many bytes of its earlier messages a sender looks back at; 0 to 32,768; default 2048. More costs time. */
  readonly deflateHistory?: number
}

/** Options with every default filled in; `undefined` where the negotiation decides. */
export interface DeflateSettings {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number | undefined
  readonly clientMaxWindowBits: number | boolean | undefined
  readonly threshold: number
  readonly concurrencyLimit: number
  readonly level: number
  readonly memLevel: number
  readonly strategy: number
  readonly deflateChunkSize: number
  readonly inflateChunkSize: number
  readonly asyncThreshold: number
  readonly maxInflateRatio: number
  readonly contextLimit: number
  readonly deflateHistory: number
}

const DEFAULT_THRESHOLD = 1024
/** As many as libuv has threads by default: more would only hold memory and delay the file system. */
const DEFAULT_CONCURRENCY_LIMIT = 4
/** Faster than zlib's own default, 6: what is sent at once holds the loop up while it is compressed. */
const DEFAULT_LEVEL = 1
const DEFAULT_MEM_LEVEL = 8
const DEFAULT_STRATEGY = 0
const DEFAULT_CHUNK_SIZE = 64 * 1024
const MIN_CHUNK_SIZE = 64
const DEFAULT_ASYNC_THRESHOLD = 32 * 1024
const DEFAULT_DEFLATE_HISTORY = 2048
/** Their memory is what it costs, most of it for compressing. */
const DEFAULT_CONTEXT_LIMIT = 64
/** What a server asks of a client that takes context over and lets itself be limited. */
export const DEFAULT_CLIENT_WINDOW_BITS = 12
const MAX_WINDOW_BYTES = 1 << MAX_WINDOW_BITS

/**
 * Check the options of one side and fill in the defaults.
 * @throws {TypeError} for a value of the wrong type. @throws {RangeError} for a value out of its range.
 */
export function checkDeflateOptions(options: PerMessageDeflateOptions, side: 'server' | 'client'): DeflateSettings {
  const given = object(options, 'perMessageDeflate') ?? {}
  const deflate = object(given['zlibDeflateOptions'], 'zlibDeflateOptions') ?? {}
  const inflate = object(given['zlibInflateOptions'], 'zlibInflateOptions') ?? {}
  const [minServerBits, minClientBits] =
    side === 'server' ? [MIN_DEFLATE_WINDOW_BITS, MIN_WINDOW_BITS] : [MIN_WINDOW_BITS, MIN_DEFLATE_WINDOW_BITS]
  return {
    serverNoContextTakeover: boolean(given, 'serverNoContextTakeover'),
    clientNoContextTakeover: boolean(given, 'clientNoContextTakeover'),
    serverMaxWindowBits: integer(given, 'serverMaxWindowBits', [minServerBits, MAX_WINDOW_BITS]),
    clientMaxWindowBits:
      typeof given['clientMaxWindowBits'] === 'boolean'
        ? given['clientMaxWindowBits']
        : integer(given, 'clientMaxWindowBits', [minClientBits, MAX_WINDOW_BITS]),
    threshold: integer(given, 'threshold', [0, Infinity]) ?? DEFAULT_THRESHOLD,
    concurrencyLimit: integer(given, 'concurrencyLimit', [1, Infinity]) ?? DEFAULT_CONCURRENCY_LIMIT,
    level: integer(deflate, 'zlibDeflateOptions.level', [-1, 9]) ?? DEFAULT_LEVEL,
    memLevel: integer(deflate, 'zlibDeflateOptions.memLevel', [1, 9]) ?? DEFAULT_MEM_LEVEL,
    strategy: integer(deflate, 'zlibDeflateOptions.strategy', [0, 4]) ?? DEFAULT_STRATEGY,
    deflateChunkSize:
      integer(deflate, 'zlibDeflateOptions.chunkSize', [MIN_CHUNK_SIZE, Infinity]) ?? DEFAULT_CHUNK_SIZE,
    inflateChunkSize:
      integer(inflate, 'zlibInflateOptions.chunkSize', [MIN_CHUNK_SIZE, Infinity]) ?? DEFAULT_CHUNK_SIZE,
    asyncThreshold: integer(given, 'asyncThreshold', [0, Infinity]) ?? DEFAULT_ASYNC_THRESHOLD,
    maxInflateRatio: number(given, 'maxInflateRatio', [1, Infinity]) ?? Infinity,
    contextLimit: integer(given, 'contextLimit', [0, Infinity]) ?? DEFAULT_CONTEXT_LIMIT,
    deflateHistory: integer(given, 'deflateHistory', [0, MAX_WINDOW_BYTES]) ?? DEFAULT_DEFLATE_HISTORY,
  }
}

type Given = Readonly<Record<string, unknown>>
type Range = readonly [least: number, most: number]

function object(value: unknown, name: string): Given | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'object' && value !== null) return value as Given
  throw new TypeError(`option ${name} is ${describe(value)}, an object was required`)
}

function boolean(given: Given, name: string): boolean {
  const value = given[name]
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw new TypeError(`option ${name} is ${describe(value)}, a boolean was required`)
}

/** `name` may be dotted: the last part is the key in `given`. */
function number(given: Given, name: string, [least, most]: Range): number | undefined {
  const value = given[name.slice(name.lastIndexOf('.') + 1)]
  if (value === undefined) return undefined
  if (typeof value !== 'number') throw new TypeError(`option ${name} is ${describe(value)}, a number was required`)
  if (value >= least && value <= most) return value
  throw new RangeError(`option ${name} is ${value}, ${rangeText([least, most])} was required`)
}

function integer(given: Given, name: string, range: Range): number | undefined {
  const value = number(given, name, range)
  if (value === undefined || Number.isInteger(value) || (value === Infinity && range[1] === Infinity)) return value
  throw new RangeError(`option ${name} is ${value}, an integer was required`)
}

function rangeText([least, most]: Range): string {
  return most === Infinity ? `at least ${least}` : `a number from ${least} to ${most}`
}

function describe(value: unknown): string {
  return value === null ? 'null' : `of type ${typeof value}`
}
