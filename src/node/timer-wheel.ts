/**
 * Deadlines for many connections with one timer: items lie in slots by the tick they are due in. An item that was put off
 * is found when its old slot comes by, and moved then, so putting off costs one assignment.
 */

/** Milliseconds of a tick: how late a deadline may be noticed. */
export const TICK_MS = 100
/** Slots of the wheel: 51.2 s a turn; what lies further ahead goes round again. */
const SLOTS = 512

/** Something with a deadline. */
export abstract class Deadline {
  /** When it is due, in ms of the wheel's clock. Put it off by assigning a later time. */
  at = 0
  /** The slot it lies in, or -1. */
  slot = -1

  /** It is due. */
  abstract expire(): void
}

/** A deadline that calls a function. */
export class Alarm extends Deadline {
  readonly #ring: () => void

  constructor(ring: () => void) {
    super()
    this.#ring = ring
  }

  override expire(): void {
    this.#ring()
  }
}

/** Turns while there is anything in it. */
export class TimerWheel {
  readonly #slots: (Set<Deadline> | undefined)[] = Array.from({ length: SLOTS })
  #size = 0
  #tick = 0
  #started = 0
  #timer: NodeJS.Timeout | undefined

  /** The time in ms, since some moment. */
  now(): number {
    return performance.now()
  }

  /** The last tick that has passed, and so about now. It counts on as long as there is any deadline. */
  get tick(): number {
    return this.#tick
  }

  /** When a tick is over, in ms of the wheel's clock. */
  endOf(tick: number): number {
    return this.#started + (tick + 1) * TICK_MS
  }

  /** How many deadlines there are. */
  get size(): number {
    return this.#size
  }

  /** Set a deadline, or set it anew. */
  set(deadline: Deadline, delayMs: number): void {
    this.clear(deadline)
    deadline.at = this.now() + delayMs
    if (this.#timer === undefined) this.#start()
    this.#put(deadline)
    this.#size++
  }

  /** Take a deadline back. */
  clear(deadline: Deadline): void {
    if (deadline.slot === -1) return
    this.#slots[deadline.slot]!.delete(deadline)
    deadline.slot = -1
    this.#size--
    if (this.#size === 0) this.#stop()
  }

  #start(): void {
    this.#started = this.now()
    this.#tick = 0
    this.#timer = setInterval(() => this.#turn(), TICK_MS)
    this.#timer.unref()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #put(deadline: Deadline): void {
    const due = Math.ceil((deadline.at - this.#started) / TICK_MS)
    const tick = Math.min(Math.max(due, this.#tick + 1), this.#tick + SLOTS - 1)
    deadline.slot = tick % SLOTS
    const slot = (this.#slots[deadline.slot] ??= new Set())
    slot.add(deadline)
  }

  /** Look through the slots of all ticks that have passed; a process that slept may have missed some. */
  #turn(): void {
    const now = this.now()
    const reached = Math.floor((now - this.#started) / TICK_MS)
    const from = Math.max(this.#tick + 1, reached - SLOTS + 1)
    this.#tick = Math.max(reached, this.#tick)
    for (let tick = from; tick <= reached; tick++) this.#empty(tick % SLOTS, now)
  }

  #empty(index: number, now: number): void {
    const slot = this.#slots[index]
    if (slot === undefined || slot.size === 0) return
    for (const deadline of [...slot]) {
      // One of the others may have taken it back meanwhile.
      if (deadline.slot !== index) continue
      slot.delete(deadline)
      deadline.slot = -1
      if (deadline.at > now) {
        this.#put(deadline)
      } else {
        this.#size--
        deadline.expire()
      }
    }
    if (this.#size === 0) this.#stop()
  }
}

/** The wheel of this process. */
export const wheel: TimerWheel = new TimerWheel()
