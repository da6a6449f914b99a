/**
 * What a connection is made with: its side, its listener, its limits, and what the platform lends it.
 */
import type { CloseOutcome } from './close-outcome.ts'
import type { ExtensionInstance } from './extension.ts'
import type { ControlCounter } from './opcode.ts'
import type { Allocate } from './payload-buffer.ts'
import { Slab } from './slab.ts'
import { plainTextCodec, type TextCodec } from './text-codec.ts'

/** Which part of which message. */
export interface PartPlace {
  readonly isText: boolean
  /** Whether the message begins with it. */
  readonly first: boolean
  /** Whether the message ends with it. */
  readonly final: boolean
}

/** Who listens to a connection. */
export interface ConnectionHandler {
  /** A message: a string for text (bytes where `text: 'bytes'` was asked for), bytes for binary; they are yours to keep. */
  message(message: string | Uint8Array, isText: boolean): void
  /**
   * The next bytes of a message of more than `partsFrom` bytes. Text is checked to be UTF-8, and may be cut inside a
   * character. Nothing else than the parts of one message comes between its first and its last; after a close in their
   * midst the others may never come.
   */
  part?(bytes: Uint8Array, part: PartPlace): void
  /** A ping came; with `autoPong` its pong was sent, or is owed until output has left. RFC 6455 5.5.2. */
  ping?(payload: Uint8Array): void
  /** A pong came, asked for or not. RFC 6455 5.5.3. */
  pong?(payload: Uint8Array): void
  /**
   * Bytes for the transport; `more` tells that others follow at once. Answer `true` when the transport has taken them all
   * and will not read them again: then their memory is used anew. Anything else is safe.
   */
  write(bytes: Uint8Array, more: boolean): boolean | void
  /**
   * There is output: call `flush` soon. Without this method output is written at once. Output made while `receive` runs is
   * always flushed at its end.
   */
  pending?(): void
  /**
   * Whether earlier output still waits in the transport. After `true`, call `outputLeft` when it has left: of the pings that
   * come until then only the latest is answered. RFC 6455 5.5.3. Asked at `receiveEnd` too: what waits leaves before the
   * transport is dropped. Without this method nothing waits.
   */
  waits?(): boolean
  /** Whether to go on reading from the transport. */
  reading?(wanted: boolean): void
  /**
   * A Close frame, or the end, waits only for what `pause` was told of with `Stall.Answer`: put a deadline on that, and call
   * `stopAwaitingAnswer` then. Told anew with each message that is worked on before it.
   */
  awaitsAnswer?(): void
  /** The connection has left the open state: put a deadline on what is left of it. */
  closing?(): void
  /**
   * Nothing more will be written: end the transport's writing side behind what was. A server is told when Close frames have
   * passed, a client only when the server has ended its own side: it waits for that. RFC 6455 7.1.1.
   */
  end(): void
  /** Drop the transport, with what it has not sent. */
  destroy(): void
  /** The end; called exactly once, last. */
  closed(outcome: CloseOutcome): void
  /**
   * `message`, `part`, `ping`, `pong` or `closed` threw. Without this method, or when it throws too, the connection is failed
   * with 1011. The other calls must not throw.
   */
  error?(error: unknown): void
}

export interface ConnectionOptions {
  readonly role: 'server' | 'client'
  readonly handler: ConnectionHandler
  /** The most bytes a message may have, as it comes over the wire and decoded. Default 16 MiB. Over it: close 1009. */
  readonly maxPayload?: number
  /** The most frames a message may have. Default 1,048,576. Over it: close 1008. */
  readonly maxFragments?: number
  /** Messages of more bytes than this are handed over in parts, to the handler's `part`. Default: none are. */
  readonly partsFrom?: number
  /** The extension that was negotiated. */
  readonly extension?: ExtensionInstance | undefined
  /** How text is handed over. Default `string`; `bytes` gives it as UTF-8, checked. */
  readonly text?: 'string' | 'bytes'
  /** Whether pings are answered. Default true. */
  readonly autoPong?: boolean
  /** Whether a Close is answered with its reason too. Default false: with its code. RFC 6455 5.5.1. */
  readonly echoReason?: boolean
  /** Where a client's mask keys come from: 32 bits each, from a strong source. RFC 6455 5.3, 10.3. */
  readonly randomMask?: () => number
  /** Default: plain functions that run everywhere. */
  readonly codec?: TextCodec
  /** Counts the control frames that are sent; to be shared by many connections. Default: nobody counts. */
  readonly controlsOut?: ControlCounter
  /** Makes room for bytes. Default: `new Uint8Array`. */
  readonly allocate?: Allocate
  /** Room for outgoing frames, to be shared by many connections. Default: one of its own. */
  readonly slab?: Slab
}

/** Options, checked and completed: all but what belongs to one connection, so that many can share them. */
export interface ConnectionSettings {
  /** A server's frames come masked and leave as they are, a client's the other way round. RFC 6455 5.1. */
  readonly isServer: boolean
  readonly maxPayload: number
  readonly maxFragments: number
  readonly partsFrom: number
  readonly textAsBytes: boolean
  readonly autoPong: boolean
  readonly echoReason: boolean
  readonly randomMask: (() => number) | undefined
  readonly codec: TextCodec
  readonly controlsOut: ControlCounter | undefined
  readonly allocate: Allocate
  readonly slab: Slab
}

/** 16 MiB. */
export const DEFAULT_MAX_PAYLOAD: number = 16 * 1024 * 1024
/** 2^20. */
export const DEFAULT_MAX_FRAGMENTS: number = 1_048_576

const allocateZeroed: Allocate = (length) => new Uint8Array(length)

/**
 * Check options and fill in what is missing.
 * @throws TypeError or RangeError that names the option.
 */
export function checkOptions(options: ConnectionOptions): ConnectionSettings {
  const isServer = options.role === 'server'
  if (!isServer && options.role !== 'client') throw new TypeError("role must be 'server' or 'client'")
  if (!isServer && options.randomMask === undefined) {
    throw new TypeError('randomMask is required of a client: it masks every frame it sends (RFC 6455 5.1)')
  }
  const text = options.text ?? 'string'
  if (text !== 'string' && text !== 'bytes') throw new TypeError("text must be 'string' or 'bytes'")
  if (options.partsFrom !== undefined && options.handler.part === undefined) {
    throw new TypeError('partsFrom needs a handler with a part method')
  }
  const allocate = options.allocate ?? allocateZeroed
  return {
    isServer,
    maxPayload: checkLimit('maxPayload', options.maxPayload ?? DEFAULT_MAX_PAYLOAD),
    maxFragments: checkLimit('maxFragments', options.maxFragments ?? DEFAULT_MAX_FRAGMENTS),
    partsFrom: checkLimit('partsFrom', options.partsFrom ?? Number.MAX_SAFE_INTEGER),
    textAsBytes: text === 'bytes',
    autoPong: options.autoPong ?? true,
    echoReason: options.echoReason ?? false,
    randomMask: isServer ? undefined : options.randomMask,
    codec: options.codec ?? plainTextCodec,
    controlsOut: options.controlsOut,
    allocate,
    slab: options.slab ?? new Slab(allocate),
  }
}

/** Limits of the messages that come, as they may be changed while a connection is open. */
export interface MessageLimits {
  readonly maxPayload?: number
  readonly maxFragments?: number
}

/** Settings with other limits. @throws TypeError or RangeError for a limit out of its range. */
export function withLimits(settings: ConnectionSettings, limits: MessageLimits): ConnectionSettings {
  const { maxPayload = settings.maxPayload, maxFragments = settings.maxFragments } = limits
  checkLimit('maxPayload', maxPayload)
  checkLimit('maxFragments', maxFragments)
  return { ...settings, maxPayload, maxFragments }
}

/** Check a limit, naming it. */
function checkLimit(name: string, value: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`)
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} must be a whole number from 0 to 2^53 - 1, got ${value}`)
  }
  return value
}
