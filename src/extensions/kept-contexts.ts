/**
 * Which connections keep a zlib object from one small message to the next. There is only so much memory, so they are
 * the most active ones; the others work from what they remember, as do these once they have fallen silent. RFC 7692 7.1.1.
 */
import type { ZlibContext } from './zlib-context.ts'

/** Who has not used its object between two looks gives it back. */
const LOOK_EVERY_MS = 15_000

/** All that are kept for one purpose. Time is counted in messages: who is the most active is then the same on any machine. */
export class KeptContexts {
  readonly #slots = new Set<ContextSlot>()
  #messages = 0
  #messagesAtLook = 0
  #isLooking = false

  get size(): number {
    return this.#slots.size
  }

  /** A message more; what time it is. */
  tick(): number {
    return ++this.#messages
  }

  /** Whether a slot that was last used at `lastUse` gets room beside the others; who has been silent for longer makes it. */
  admit(slot: ContextSlot, limit: number): boolean {
    if (this.#slots.size >= limit) {
      const oldest = this.#oldest()
      if (oldest === undefined || oldest.lastUse >= slot.lastUse) return false
      oldest.drop()
    }
    this.#slots.add(slot)
    this.#look()
    return true
  }

  remove(slot: ContextSlot): void {
    this.#slots.delete(slot)
  }

  #oldest(): ContextSlot | undefined {
    let oldest: ContextSlot | undefined
    for (const slot of this.#slots) {
      if (oldest === undefined || slot.lastUse < oldest.lastUse) oldest = slot
    }
    return oldest
  }

  #look(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    setTimeout(() => {
      this.#isLooking = false
      for (const slot of this.#slots) if (slot.lastUse <= this.#messagesAtLook) slot.drop()
      this.#messagesAtLook = this.#messages
      if (this.#slots.size > 0) this.#look()
    }, LOOK_EVERY_MS).unref()
  }
}

/** Where the object for the next message comes from. */
export interface ContextPlace {
  /** What this message is worked on with: what was kept, or what `make` makes if that is worth while. */
  use(limit: number, make: () => ZlibContext | undefined): ZlibContext | undefined
  /** What is kept for the next message is not what it will refer to. */
  drop(): void
}

/** The place of one half of one connection, whose messages refer to those before them. */
export class ContextSlot implements ContextPlace {
  readonly #kept: KeptContexts
  #context: ZlibContext | undefined
  /** 0 for never: nothing is kept for a first message, since many connections never send another. */
  lastUse = 0

  constructor(kept: KeptContexts) {
    this.#kept = kept
  }

  use(limit: number, make: () => ZlibContext | undefined): ZlibContext | undefined {
    if (this.#context === undefined && this.lastUse > 0 && limit > 0 && this.#kept.admit(this, limit)) {
      this.#context = make()
      if (this.#context === undefined) this.#kept.remove(this)
    }
    this.lastUse = this.#kept.tick()
    return this.#context
  }

  /** Give it back. It takes another two messages until there is one again. */
  drop(): void {
    this.lastUse = 0
    if (this.#context === undefined) return
    this.#kept.remove(this)
    this.#context.close()
    this.#context = undefined
  }
}

/** The place of all connections whose messages refer to nothing: one object, emptied each time. */
export class SharedContext implements ContextPlace {
  #context: ZlibContext | undefined

  use(limit: number, make: () => ZlibContext | undefined): ZlibContext | undefined {
    if (limit === 0) return undefined
    if (this.#context === undefined) this.#context = make()
    else this.#context.reset()
    return this.#context
  }

  /** It is emptied anyway. */
  drop(): void {}
}
