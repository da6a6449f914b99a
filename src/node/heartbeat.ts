/**
 * Whether the other side is still there, and how long it may stay: pings when nothing was heard for a while, an end when
 * nothing comes back, an end when nothing is said, an end of its lifetime. RFC 6455 5.5.2: a ping may serve as keepalive.
 */
import { CloseCode } from '../protocol/close-code.ts'
import type { CloseCause } from '../protocol/close-outcome.ts'
import { Deadline, wheel } from './timer-wheel.ts'

export interface HeartbeatOptions {
  /** Milliseconds without a byte from the peer until it is pinged; 0 for never. */
  readonly interval: number
  /** Milliseconds from the ping until the peer, still silent, is dropped. */
  readonly timeout: number
  /** Milliseconds without a message from the peer, or anything of one, until it is closed with 1001; 0 for never. */
  readonly idleTimeout: number
  /** Milliseconds a connection may last until it is closed with 1001, give or take a tenth; 0 for ever. */
  readonly maxLifetime: number
}

/** Its output: what is in the way of a peer that takes nothing. */
export interface HeartbeatOutput {
  /** Whether more is unsent than there may be. */
  readonly isBlocked: boolean
  /** A number that changes when the peer takes anything of what is unsent. */
  readonly progress: number
}

/** The connection, as far as its heartbeat goes. */
interface HeartbeatConnection {
  /** Whether messages of the peer wait: it is not to blame for its silence. */
  readonly stalled: boolean
  /** Whether nothing is read at all: not even a pong could be heard. */
  readonly rests: boolean
  ping(payload: Uint8Array): boolean
  terminate(cause: CloseCause): void
}

/** Whose heartbeat it is. */
export interface HeartbeatHost {
  readonly connection: HeartbeatConnection
  readonly output: HeartbeatOutput
  /** Close it behind all that waits for it. */
  close(code: number, reason: string, cause: CloseCause): void
}

/** How far lifetimes are scattered, so that connections made at once do not end at once. */
const LIFETIME_JITTER = 0.1
/** Bytes of a ping's body: a number that tells it from pings of the application. */
const PING_LENGTH = 4

let pings = 0

/** A deadline that is met later than this was kept from the wheel by the process itself, which may not have read either. */
const HELD_UP_MS = 1000

/** One deadline serves all: noting the tick is what a byte that arrives costs; the clock is looked at when one is due. */
export class Heartbeat extends Deadline {
  readonly #host: HeartbeatHost
  readonly #options: HeartbeatOptions
  /** The ticks of the wheel in which a byte, and a message, last came. */
  #heardIn: number
  #spokenIn: number
  /** How far the output was when the peer was last found to be behind. */
  #progress: number | undefined
  /** When the ping is due, or given up; when the peer has been idle for too long; when its lifetime is over. */
  #beatAt: number
  #idleAt: number
  #endsAt: number
  /** The number in the ping that is not answered yet, and when it was sent. */
  #awaited = 0
  #sentAt = 0
  #rtt = -1

  constructor(host: HeartbeatHost, options: HeartbeatOptions) {
    super()
    this.#host = host
    this.#options = options
    const { interval, idleTimeout, maxLifetime } = options
    const now = wheel.now()
    this.#beatAt = after(now, interval)
    this.#idleAt = after(now, idleTimeout)
    this.#endsAt = after(now, maxLifetime * (1 + LIFETIME_JITTER * (2 * Math.random() - 1)))
    this.#wait(now)
    this.#heardIn = this.#spokenIn = wheel.tick
  }

  /** The time from the last ping to its pong in milliseconds, once one was answered. */
  get rtt(): number | undefined {
    return this.#rtt < 0 ? undefined : this.#rtt
  }

  /** A byte has arrived. */
  heard(): void {
    this.#heardIn = wheel.tick
  }

  /** A message, or something of one, has arrived. */
  spokenTo(): void {
    this.#spokenIn = wheel.tick
  }

  /** A pong has arrived. */
  pong(payload: Uint8Array): void {
    if (this.#awaited === 0 || payload.length !== PING_LENGTH) return
    if (Buffer.from(payload).readUInt32BE() !== this.#awaited) return
    this.#rtt = performance.now() - this.#sentAt
    this.#awaited = 0
  }

  stop(): void {
    this.#beatAt = this.#idleAt = this.#endsAt = Infinity
    wheel.clear(this)
  }

  override expire(): void {
    const now = wheel.now()
    if (now >= this.#endsAt) return this.#close('maximum lifetime', 'lifetime')
    if (now >= this.#idleAt) {
      const { idleTimeout } = this.#options
      this.#idleAt = this.#host.connection.stalled ? after(now, idleTimeout) : wheel.endOf(this.#spokenIn) + idleTimeout
      if (now >= this.#idleAt) return this.#close('idle', 'timeout')
    }
    if (now >= this.#beatAt) this.#beat(now)
    this.#wait(now)
  }

  #close(reason: string, cause: CloseCause): void {
    this.stop()
    this.#host.close(CloseCode.GoingAway, reason, cause)
  }

  #beat(now: number): void {
    const { interval, timeout } = this.#options
    if (this.#host.output.isBlocked) return this.#lookAtOutput(now)
    this.#progress = undefined
    const silentAt = wheel.endOf(this.#heardIn) + interval
    if (now < silentAt || this.#host.connection.rests) {
      this.#awaited = 0
      this.#beatAt = this.#host.connection.rests ? after(now, interval) : silentAt
    } else if (this.#awaited === 0) {
      this.#ping()
      this.#beatAt = after(now, timeout)
    } else if (now - this.#beatAt > HELD_UP_MS) {
      this.#beatAt = after(now, timeout)
    } else {
      this.#beatAt = Infinity
      this.#host.connection.terminate('timeout')
    }
  }

  /** A peer that takes nothing for a whole interval will not take the rest either. */
  #lookAtOutput(now: number): void {
    const { progress } = this.#host.output
    this.#beatAt = after(now, this.#options.interval)
    if (progress === this.#progress) {
      this.#beatAt = Infinity
      return this.#host.connection.terminate('backpressure')
    }
    this.#progress = progress
  }

  #ping(): void {
    pings = (pings % 0xffff_ffff) + 1
    this.#awaited = pings
    this.#sentAt = performance.now()
    const payload = Buffer.alloc(PING_LENGTH)
    payload.writeUInt32BE(pings)
    this.#host.connection.ping(payload)
  }

  #wait(now: number): void {
    const next = Math.min(this.#beatAt, this.#idleAt, this.#endsAt)
    if (next !== Infinity) wheel.set(this, next - now)
  }
}

/** A time so much later; never, for 0. */
function after(now: number, delayMs: number): number {
  return delayMs > 0 ? now + delayMs : Infinity
}
