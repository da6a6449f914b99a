/**
 * A look at one connection from outside: its bytes, its frames, and what permessage-deflate makes of its messages, while the
 * connection itself goes on as if nobody looked. RFC 6455 5.2; RFC 7692 6.
 */
import type { FrameHeader } from '../protocol/frame-header.ts'
import { FrameReader } from '../protocol/frame-reader.ts'
import type { DecodeFailure, ExtensionObserver } from '../protocol/extension.ts'
import { channels } from './diagnostics.ts'
import { reportError } from './report-error.ts'

/** `in` came from the peer, `out` went to it. */
export type WireDirection = 'in' | 'out'

/** The header of a frame, its mask key included. RFC 6455 5.2. */
export interface WireFrame extends Readonly<FrameHeader> {
  readonly direction: WireDirection
}

/** What `barewire:frame` publishes. */
export interface FrameEvent extends WireFrame {
  readonly socket: unknown
}

/** A message, or a part of one, on both sides of permessage-deflate. RFC 7692 6. */
export interface WirePayload {
  readonly direction: WireDirection
  /** As it stands in the frames, unmasked. */
  readonly compressed: Uint8Array
  /** As the application sees it. */
  readonly plain: Uint8Array
}

/** Looks on. Bytes are copies, but for those of `payload`: do not write to them. */
export interface WireTap {
  /** Bytes as they came, masked and compressed, however TCP cut them. */
  received?(bytes: Uint8Array): void
  /** Bytes as they are handed to the system. */
  sent?(bytes: Uint8Array): void
  /** A frame's header is complete; told from the first frame on that begins while somebody looks. */
  frame?(frame: WireFrame): void
  /** A compressed payload has come, or was made. Those that permessage-deflate leaves alone are not told. */
  payload?(payload: WirePayload): void
}

/** What passes on the bytes of one connection to those who look on. */
export class TapFeed implements ExtensionObserver {
  readonly #taps: readonly WireTap[]
  readonly #readers: Record<WireDirection, FrameReader> | undefined
  /** Whether the next byte that comes begins a frame, or came after one that did. */
  #isInStep = false
  /** What was sent and is not read for frames yet. */
  readonly #unread: Uint8Array[] = []

  constructor(taps: readonly WireTap[]) {
    this.#taps = taps
    const tells = taps.some((tap) => tap.frame !== undefined)
    this.#readers = tells ? { in: this.#makeReader('in'), out: this.#makeReader('out') } : undefined
  }

  /** `isBetweenFrames` tells whether these bytes begin with a header. */
  received(bytes: Uint8Array, isBetweenFrames: boolean): void {
    // Unmasking happens in place: each gets a copy.
    this.#tell((tap) => tap.received?.(Uint8Array.from(bytes)))
    this.#isInStep ||= isBetweenFrames
    if (this.#isInStep) this.#readers?.in.read(Uint8Array.from(bytes), 0)
  }

  sent(bytes: Uint8Array): void {
    this.#tell((tap) => tap.sent?.(Uint8Array.from(bytes)))
    if (this.#readers === undefined) return
    this.#unread.push(Uint8Array.from(bytes))
    // Who is told of a frame may send another: it is read after this one.
    if (this.#unread.length > 1) return
    for (let next = this.#unread[0]; next !== undefined; next = this.#unread[0]) {
      this.#readers.out.read(next, 0)
      this.#unread.shift()
    }
  }

  encoded(plain: Uint8Array, compressed: Uint8Array, rsv: number): void {
    if (rsv !== 0) this.#tell((tap) => tap.payload?.({ direction: 'out', compressed, plain }))
  }

  decoded(compressed: Uint8Array, result: Uint8Array | DecodeFailure): void {
    if (!(result instanceof Uint8Array)) return
    this.#tell((tap) => tap.payload?.({ direction: 'in', compressed, plain: result }))
  }

  /** What a tap throws is reported as Node reports it, and changes nothing for the connection. */
  #tell(look: (tap: WireTap) => void): void {
    for (const tap of this.#taps) {
      try {
        look(tap)
      } catch (error) {
        reportError(error)
      }
    }
  }

  #makeReader(direction: WireDirection): FrameReader {
    return new FrameReader({
      frameHeader: (header) => {
        const frame = { direction, ...header }
        this.#tell((tap) => tap.frame?.(frame))
        return true
      },
      framePayload: () => true,
    })
  }
}

/** A feed for the application's tap and for `barewire:frame`, as far as somebody listens. */
export function feedFor(socket: unknown, tap: WireTap | undefined): TapFeed | undefined {
  const taps = tap === undefined ? [] : [tap]
  if (channels.frame.hasSubscribers) {
    taps.push({ frame: (frame) => channels.frame.publish({ socket, ...frame } satisfies FrameEvent) })
  }
  return taps.length === 0 ? undefined : new TapFeed(taps)
}
