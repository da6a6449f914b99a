/**
 * How to stay connected, checked.
 */
import { checkBackoff, type Backoff, type BackoffOptions } from './backoff.ts'
import { defaultPolicy, type Loss, type ReconnectPolicy } from './close-policy.ts'
import { isPlatformOnline } from './platform.ts'
import type { Message } from './send-queue.ts'
import type { ConnectionState } from './state.ts'

/** What the application hears. */
export interface ReconnectHandlers {
  /**
   * A connection is open. `send` goes to it at once: use it to say who you are. What waits is sent after this has returned,
   * or its promise resolved; when that rejects, the connection is dropped and the next one tried.
   */
  open?(send: (message: Message) => void, protocol: string): unknown
  /** A string for text; for binary what `binaryType` says. */
  message?(data: unknown): unknown
  /** The connection that was open is so no longer. */
  lost?(loss: Loss): unknown
  /**
   * The page is looked at again, or the network has come back, and the connection seems to be open; it may have died
   * unnoticed. Ask the server for a sign of life, and `drop()` when none comes.
   */
  wake?(): unknown
  /** The state has changed. */
  state?(state: ConnectionState): unknown
}

export interface ReconnectOptions extends ReconnectHandlers {
  /** The subprotocols to offer. Default: none. */
  readonly protocols?: string | readonly string[]
  /** Ends it for good. */
  readonly signal?: AbortSignal
  readonly backoff?: BackoffOptions
  /** What to do after a loss. Default: `defaultPolicy`. */
  readonly policy?: (loss: Loss) => ReconnectPolicy
  /** Milliseconds an attempt may take. Default 10,000. */
  readonly connectTimeout?: number
  /** Milliseconds after which a connection counts as good, and the back-off begins anew. Default 10,000. */
  readonly stableAfter?: number
  /** Bytes of messages that may wait for a connection, a string counted as three bytes a unit. Default 1 MiB; 0: none. */
  readonly queueLimit?: number
  /** Default `arraybuffer`. */
  readonly binaryType?: 'arraybuffer' | 'blob'
  /** Whether there is a network at all. Default: `navigator.onLine`, where there is one. */
  readonly isOnline?: () => boolean
  /**
   * Whether to go on trying, with back-off, while there is no network: for a server on the same machine. The state stays
   * `offline` until a connection is open. Default `false`.
   */
  readonly triesOffline?: boolean
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number
}

export interface ReconnectSettings {
  readonly handlers: ReconnectHandlers
  readonly protocols: readonly string[]
  readonly signal: AbortSignal | undefined
  readonly backoff: Backoff
  readonly policy: (loss: Loss) => ReconnectPolicy
  readonly connectTimeout: number
  readonly stableAfter: number
  readonly queueLimit: number
  readonly binaryType: string
  readonly isOnline: () => boolean
  readonly triesOffline: boolean
  readonly random: () => number
}

const CONNECT_TIMEOUT = 10_000
const STABLE_AFTER = 10_000
const QUEUE_LIMIT = 1_048_576

/** @throws TypeError or RangeError that names the option. */
export function checkReconnectOptions(options: ReconnectOptions): ReconnectSettings {
  const { protocols = [] } = options
  return {
    handlers: options,
    protocols: typeof protocols === 'string' ? [protocols] : [...protocols],
    signal: options.signal,
    backoff: checkBackoff(options.backoff),
    policy: options.policy ?? defaultPolicy,
    connectTimeout: atLeast('connectTimeout', options.connectTimeout ?? CONNECT_TIMEOUT, 1),
    stableAfter: atLeast('stableAfter', options.stableAfter ?? STABLE_AFTER, 0),
    queueLimit: atLeast('queueLimit', options.queueLimit ?? QUEUE_LIMIT, 0),
    binaryType: options.binaryType ?? 'arraybuffer',
    isOnline: options.isOnline ?? isPlatformOnline,
    triesOffline: options.triesOffline ?? false,
    random: options.random ?? Math.random,
  }
}

function atLeast(name: string, value: number, least: number): number {
  if (typeof value !== 'number' || !(value >= least)) {
    throw new RangeError(`${name} must be a number from ${least} on, got ${String(value)}`)
  }
  return value
}
