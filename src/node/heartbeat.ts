/**
 * Whether the other side is still there, and how long it may stay: pings when nothing was heard for a while, an end when
 * nothing comes back, an end when nothing is said, an end of its lifetime. RFC 6455 5.5.2: a ping may serve as keepalive.
 */
import { CloseCode } from '../protocol/close-code.ts'
import type { CloseCause } from '../protocol/close-outcome.ts'
import { Deadline, NEVER, TICK_MS, wheel } from './timer-wheel.ts'

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
  /** Bytes of it that leave as the peer takes them. */
  readonly leavingBytes: number
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

/** A deadline that is met so many ticks late was kept from the wheel by the process itself, which may not have read either. */
const HELD_UP_TICKS = 10

/** A ping that is not answered yet. */
interface SentPing {
  readonly number: number
  readonly at: number
}

/** One deadline serves all: noting the tick is what a byte that arrives costs; the clock is looked at when one is due. */
export class Heartbeat extends Deadline {
  readonly #host: HeartbeatHost
  readonly #options: HeartbeatOptions
  /** The ticks of the wheel in which a byte, and a message, last came. */
  #heardIn: number
  #spokenIn: number
  /** How far the output was when the peer was last found to be behind. */
  #progress: number | undefined
  /** The tick in which the ping is due, or given up; in which its lifetime is over. */
  #beatIn: number
  #endsIn: number
  #ping: SentPing | undefined
  #rtt: number | undefined

  constructor(host: HeartbeatHost, options: HeartbeatOptions) {
    super()
    this.#host = host
    this.#options = options
    const { interval, maxLifetime } = options
    this.#beatIn = tickIn(interval)
    this.#endsIn = tickIn(maxLifetime * (1 + LIFETIME_JITTER * (2 * Math.random() - 1)))
    this.#heardIn = this.#spokenIn = wheel.lastTick()
    this.#wait()
  }

  /** The time from the last ping to its pong in milliseconds, once one was answered. */
  get rtt(): number | undefined {
    return this.#rtt
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
    const ping = this.#ping
    if (ping === undefined || payload.length !== PING_LENGTH) return
    if (Buffer.from(payload).readUInt32BE() !== ping.number) return
    this.#rtt = performance.now() - ping.at
    this.#ping = undefined
  }

  stop(): void {
    this.#beatIn = this.#spokenIn = this.#endsIn = NEVER
    wheel.clear(this)
  }

  override expire(): void {
    const { tick } = wheel
    if (tick >= this.#endsIn) return this.#close('maximum lifetime', 'lifetime')
    if (tick >= this.#idleIn()) {
      if (!this.#host.connection.stalled) return this.#close('idle', 'timeout')
      this.#spokenIn = tick
    }
    if (tick >= this.#beatIn) this.#beat(tick)
    this.#wait()
  }

  #close(reason: string, cause: CloseCause): void {
    this.stop()
    this.#host.close(CloseCode.GoingAway, reason, cause)
  }

  #beat(tick: number): void {
    const { interval, timeout } = this.#options
    const { output, connection } = this.#host
    // Who works on a message may wait for the peer to take the answer, be it ever so small.
    if (output.isBlocked || (connection.rests && output.leavingBytes > 0)) return this.#lookAtOutput()
    this.#progress = undefined
    const silentIn = behind(this.#heardIn, interval)
    if (tick < silentIn || connection.rests) {
      this.#ping = undefined
      this.#beatIn = connection.rests ? wheel.tickIn(interval) : silentIn
    } else if (this.#ping === undefined) {
      this.#sendPing()
      this.#beatIn = wheel.tickIn(timeout)
    } else if (tick - this.#beatIn > HELD_UP_TICKS) {
      this.#beatIn = wheel.tickIn(timeout)
    } else {
      this.#beatIn = NEVER
      connection.terminate('timeout')
    }
  }

  /** A peer that takes nothing for a whole interval will not take the rest either. */
  #lookAtOutput(): void {
    const { progress } = this.#host.output
    this.#beatIn = wheel.tickIn(this.#options.interval)
    if (progress === this.#progress) {
      this.#beatIn = NEVER
      return this.#host.connection.terminate('backpressure')
    }
    this.#progress = progress
  }

  #sendPing(): void {
    pings = (pings % 0xffff_ffff) + 1
    this.#ping = { number: pings, at: performance.now() }
    const payload = Buffer.alloc(PING_LENGTH)
    payload.writeUInt32BE(pings)
    this.#host.connection.ping(payload)
  }

  /** The tick in which the peer has said nothing for too long. */
  #idleIn(): number {
    return behind(this.#spokenIn, this.#options.idleTimeout)
  }

  #wait(): void {
    const next = Math.min(this.#beatIn, this.#idleIn(), this.#endsIn)
    if (next < NEVER) wheel.setFor(this, next)
  }
}

/** The tick that comes so much later than now; none, for 0. */
function tickIn(delayMs: number): number {
  return delayMs > 0 ? wheel.tickIn(delayMs) : NEVER
}

/** The tick that comes so much behind the end of another; none, for 0. */
function behind(tick: number, delayMs: number): number {
  return delayMs > 0 ? tick + 1 + Math.ceil(delayMs / TICK_MS) : NEVER
}
