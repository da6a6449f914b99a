/**
 * The sending half of permessage-deflate on one connection: which messages are compressed, where, and what a later
 * message may refer back to. RFC 7692 6.1, 7.1.1 and 7.2.1.
 */
import { DeflateHistory } from './deflate-history.ts'
import { deflateInPool, deflateNow, fittedWindowBits, type DeflateTask } from './deflate-message.ts'
import { MIN_DEFLATE_WINDOW_BITS, type DeflateSettings } from './deflate-options.ts'
import { KeptDeflater } from './kept-deflate.ts'
import { withdrawPoolJob, type PoolJob } from './pool-queue.ts'

/** RFC 7692 6: RSV1 marks a compressed message. */
export const RSV1 = 0x40
/** RFC 7692 7.2.1: the end of an empty block without compression, which a message is sent without. */
const REMOVED_TAIL_BYTES = 4
/** RFC 7692 7.2.3.6: an empty message. */
const EMPTY_MESSAGE: Uint8Array = Uint8Array.of(0x00)
/** From here on a message that did not shrink is sent as it is. Below, it would save a byte or two. */
const WORTH_COMPARING = 256

type Done = (payload: Uint8Array, rsv: number) => void

export class MessageDeflater {
  readonly #settings: DeflateSettings
  readonly #windowBits: number
  readonly #takeover: boolean
  #history: DeflateHistory | undefined
  /** For small messages. */
  #kept: KeptDeflater | undefined
  /** Whether a message in parts is under way. */
  #inMessage = false
  /** What waits for its turn in the pool or runs there. */
  #job: PoolJob | undefined
  #disposed = false

  constructor(settings: DeflateSettings, windowBits: number, takeover: boolean) {
    this.#settings = settings
    this.#windowBits = windowBits
    this.#takeover = takeover
  }

  /**
   * Messages of fewer bytes go out as they are. A server may give us a window of 8, which zlib cannot compress with;
   * RFC 7692 6 lets a sender choose for each message, so we agree and then compress none: what the server sends is
   * still compressed.
   */
  get threshold(): number {
    return this.#windowBits >= MIN_DEFLATE_WINDOW_BITS ? this.#settings.threshold : Infinity
  }

  encode(bytes: Uint8Array, final: boolean, done: Done): void {
    if (this.#disposed) return
    const whole = final && !this.#inMessage
    this.#inMessage = !final
    // Who sends in parts has much to send, or cannot tell: then only a window of 8 keeps us from compressing.
    if (this.threshold === Infinity || (whole && bytes.length < this.threshold)) return done(bytes, 0)
    if (bytes.length === 0) {
      if (final) this.#remember(bytes, final)
      return done(final ? EMPTY_MESSAGE : bytes, RSV1)
    }
    const kept = whole ? this.#deflateKept(bytes) : this.#kept?.drop()
    if (kept !== undefined || bytes.length <= this.#settings.asyncThreshold) {
      return this.#deliver(kept ?? deflateNow(this.#task(bytes)), bytes, { whole, final }, done)
    }
    let input = bytes
    const prepare = (): DeflateTask => {
      // The sender may change its bytes meanwhile; what we remember must be what zlib saw.
      if (this.#takeover || !whole) input = bytes.slice()
      return this.#task(input)
    }
    let isDone = false
    const job = deflateInPool(this.#settings.concurrencyLimit, prepare, (output) => {
      isDone = true
      this.#job = undefined
      if (!this.#disposed) this.#deliver(output, input, { whole, final }, done)
    })
    if (!isDone) this.#job = job
  }

  /** Compress without history, so that the same bytes do for everybody whose window is as large. */
  encodeShared(bytes: Uint8Array, cache: Map<string, Uint8Array>): Uint8Array | undefined {
    // With a message under way these bytes would be remembered in another order than they are sent in.
    if (this.#disposed || this.#inMessage || this.#job !== undefined) return undefined
    if (bytes.length < this.threshold) return undefined
    const key = this.#sharedKey(bytes.length)
    let payload = cache.get(key)
    if (payload === undefined) {
      payload =
        bytes.length === 0 ? EMPTY_MESSAGE : withoutTail(deflateNow({ ...this.#task(bytes), history: undefined }))
      cache.set(key, payload)
    }
    if (!isWorthIt(payload, bytes)) return undefined
    // The peer's window moves on with every compressed message, so ours has to. Who has never looked back needs none.
    this.#kept?.drop()
    if (this.#history !== undefined) this.#remember(bytes, true)
    return payload
  }

  dispose(): void {
    this.#disposed = true
    if (this.#job !== undefined) withdrawPoolJob(this.#job)
    this.#kept?.drop()
    this.#history = undefined
  }

  #deflateKept(bytes: Uint8Array): Uint8Array | undefined {
    this.#kept ??= new KeptDeflater(this.#settings, this.#windowBits, this.#takeover)
    return this.#kept.deflate(bytes, this.#history)
  }

  #deliver(
    output: Uint8Array,
    bytes: Uint8Array,
    { whole, final }: { whole: boolean; final: boolean },
    done: Done,
  ): void {
    const payload = final ? withoutTail(output) : output
    // RFC 7692 6: compressed or not is chosen for each message; the peer's window knows nothing of what is not.
    if (whole && !isWorthIt(payload, bytes)) {
      this.#kept?.drop()
      return done(bytes, 0)
    }
    this.#remember(bytes, final)
    done(payload, RSV1)
  }

  #remember(bytes: Uint8Array, final: boolean): void {
    const { deflateHistory } = this.#settings
    if ((this.#takeover || !final) && deflateHistory > 0) {
      this.#history ??= new DeflateHistory(Math.min(deflateHistory, 1 << this.#windowBits))
      this.#history.append(bytes)
    } else {
      // RFC 7692 7.1.1: without context takeover a message refers to nothing before it.
      this.#history = undefined
    }
  }

  #task(input: Uint8Array): DeflateTask {
    const history = this.#history?.bytes()
    return { input, history, windowBits: this.#windowBits, settings: this.#settings }
  }

  /** Whatever makes a difference to the bytes; connections with windows larger than the message are alike. */
  #sharedKey(length: number): string {
    const { level, memLevel, strategy } = this.#settings
    return `deflate ${fittedWindowBits(length, this.#windowBits)} ${level} ${memLevel} ${strategy}`
  }
}

function withoutTail(output: Uint8Array): Uint8Array {
  return output.subarray(0, output.length - REMOVED_TAIL_BYTES)
}

function isWorthIt(payload: Uint8Array, bytes: Uint8Array): boolean {
  return payload.length < bytes.length || bytes.length < WORTH_COMPARING
}
