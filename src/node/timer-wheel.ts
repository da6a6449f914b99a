/**
 * Deadlines for many connections with one timer: items lie in slots by the tick they are due in. Times are whole ticks, which
 * V8 keeps in the field itself, where a fraction is an object of its own.
 */

/** Milliseconds of a tick: how late a deadline may be noticed. */
export const TICK_MS = 100
/** Slots of the wheel: 51.2 s a turn; what lies further ahead goes round again. */
const SLOTS = 512

/** A tick that never comes. */
export const NEVER = 0x3fff_ffff

/** Something with a deadline. */
export abstract class Deadline {
  /** The tick that it is due in. */
  dueIn: number = NEVER
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
  #timer: NodeJS.Timeout | undefined

  /** The time in ms, since some moment. */
  now(): number {
    return performance.now()
  }

  /** The last tick that has passed, by the clock. */
  lastTick(): number {
    return Math.floor(this.now() / TICK_MS)
  }

  /** The same as it was when the timer last rang: about now, as long as there is any deadline. */
  get tick(): number {
    return this.#tick
  }

  /** The first tick that is so much later. */
  tickIn(delayMs: number): number {
    return Math.ceil((this.now() + delayMs) / TICK_MS)
  }

  /** How many deadlines there are. */
  get size(): number {
    return this.#size
  }

  /** Set a deadline, or set it anew. */
  set(deadline: Deadline, delayMs: number): void {
    this.setFor(deadline, this.tickIn(delayMs))
  }

  /** The same for a tick. */
  setFor(deadline: Deadline, tick: number): void {
    this.clear(deadline)
    deadline.dueIn = tick
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
    this.#tick = this.lastTick()
    this.#timer = setInterval(() => this.#turn(), TICK_MS)
    this.#timer.unref()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #put(deadline: Deadline): void {
    const tick = Math.min(Math.max(deadline.dueIn, this.#tick + 1), this.#tick + SLOTS - 1)
    deadline.slot = tick % SLOTS
    const slot = (this.#slots[deadline.slot] ??= new Set())
    slot.add(deadline)
  }

  /** Look through the slots of all ticks that have passed; a process that slept may have missed some. */
  #turn(): void {
    const reached = this.lastTick()
    const from = Math.max(this.#tick + 1, reached - SLOTS + 1)
    this.#tick = Math.max(reached, this.#tick)
    for (let tick = from; tick <= reached; tick++) this.#empty(tick % SLOTS)
  }

  #empty(index: number): void {
    const slot = this.#slots[index]
    if (slot === undefined || slot.size === 0) return
    for (const deadline of [...slot]) {
      // One of the others may have taken it back meanwhile.
      if (deadline.slot !== index) continue
      slot.delete(deadline)
      deadline.slot = -1
      if (deadline.dueIn > this.#tick) {
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
