/**
 * What a binding is made with, what it tells, and what it counts; and the settings of its core, checked once for all.
 */
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import {
  checkOptions,
  type ConnectionHandler,
  type ConnectionSettings,
  type PartPlace,
} from '../protocol/connection-options.ts'
import type { ExtensionInstance } from '../protocol/extension.ts'
import type { ControlCounter } from '../protocol/opcode.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import { allocate, nodeTextCodec, randomMask, sharedSlab } from './platform.ts'

/** What a binding tells; `owner` is what it was made for, so that one listener serves all sockets of a server. */
export interface BindingListener<Owner> {
  message(owner: Owner, message: string | Uint8Array, isText: boolean): void
  /** The next bytes of a message of more than `partsFrom` bytes. */
  part?(owner: Owner, bytes: Uint8Array, part: PartPlace): void
  ping(owner: Owner, payload: Uint8Array): void
  pong(owner: Owner, payload: Uint8Array): void
  /** All that was sent has been handed to the system after `send` had said to wait. */
  drain(owner: Owner): void
  /** More is unsent than there may be; told again with each write until it is not. */
  blocked(owner: Owner): void
  /** What was unsent has been handed to the system. */
  unblocked(owner: Owner): void
  /** What waits for the peer, below that, has become worth weighing, or is so no longer. */
  weigh?(owner: Owner): void
  /** The connection is about to be closed: send what waits for it first. */
  settle?(owner: Owner): void
  /** The connection is no longer open; its end will follow. */
  closing?(owner: Owner): void
  close(owner: Owner, outcome: CloseOutcome): void
  /** One of the calls above threw. */
  error(owner: Owner, error: unknown): void
}

/** What came and went over a connection: bytes as they are on the wire, and messages. */
export interface SocketStats {
  readonly bytesIn: number
  readonly bytesOut: number
  readonly messagesIn: number
  readonly messagesOut: number
}

export interface BindingOptions {
  readonly role: 'server' | 'client'
  readonly maxPayload: number
  readonly maxFragments: number
  readonly text: 'string' | 'bytes'
  readonly autoPong: boolean
  /** Whether a Close is answered with its reason too. Default false. */
  readonly echoReason?: boolean
  /** Counts the control frames that are sent over all connections of these options. */
  readonly controlsOut?: ControlCounter
  /** Bytes of unsent output from which `send` answers `false` and reading rests. */
  readonly highWaterMark: number
  /** Bytes of unsent output with which nothing more is sent: the connection is closed. Default: no limit. */
  readonly maxBufferedAmount?: number
  /** Messages of more bytes are handed over in parts. Default: none are. */
  readonly partsFrom?: number
  /** Pings, idle timeout and lifetime. Default: none. */
  readonly heartbeat?: HeartbeatOptions
  /** Milliseconds that the closing handshake and the end of TCP may take. */
  readonly closeTimeout: number
}

/** What a binding is made from besides its stream. */
export interface BindingParts<Owner> {
  readonly owner: Owner
  readonly extension: ExtensionInstance | undefined
  /** Shared by all connections of a server. */
  readonly options: BindingOptions
}

const settings = new WeakMap<BindingOptions, ConnectionSettings>()

/** Options are checked once for all connections that share them. */
export function settingsFor(options: BindingOptions, handler: ConnectionHandler): ConnectionSettings {
  let known = settings.get(options)
  if (known === undefined) {
    const { role, maxPayload, maxFragments, text, autoPong, echoReason, controlsOut, partsFrom } = options
    known = checkOptions({
      role,
      handler,
      maxPayload,
      maxFragments,
      text,
      autoPong,
      codec: nodeTextCodec,
      allocate,
      slab: sharedSlab,
      ...(echoReason === undefined ? {} : { echoReason }),
      ...(controlsOut === undefined ? {} : { controlsOut }),
      ...(partsFrom === undefined ? {} : { partsFrom }),
      ...(role === 'client' ? { randomMask } : {}),
    })
    settings.set(options, known)
  }
  return known
}
