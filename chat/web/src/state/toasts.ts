/**
 * Short notices that leave by themselves: for what has happened elsewhere than where the user looks, or leaves no other
 * trace. What is wrong right here is said right here, and stays.
 */
import { shallowRef } from 'vue'

/** So many are seen at once; one more sends the oldest away. */
export const TOASTS_MOST = 3
/** How long one stays, in milliseconds. */
export const TOAST_STAY = 6000

export interface Toast {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly text: string
}

interface Stay {
  timer: ReturnType<typeof setTimeout> | undefined
  /** When the timer was set, and what was left then, in milliseconds. */
  since: number
  left: number
}

export class Toasts {
  /** Those that are seen, the oldest first. */
  readonly list = shallowRef<readonly Toast[]>([])
  readonly #stays = new Map<number, Stay>()
  #isHeld = false
  #lastId = 0

  /** Say something. What is being said already is said anew, not twice. */
  show(tone: Toast['tone'], text: string): void {
    const id = ++this.#lastId
    for (const toast of this.list.value) if (toast.text === text) this.dismiss(toast.id)
    while (this.list.value.length >= TOASTS_MOST) this.dismiss(this.list.value[0]!.id)
    this.list.value = [...this.list.value, { id, tone, text }]
    const stay = { timer: undefined, since: 0, left: TOAST_STAY }
    this.#stays.set(id, stay)
    if (!this.#isHeld) this.#run(id, stay)
  }

  dismiss(id: number): void {
    clearTimeout(this.#stays.get(id)?.timer)
    this.#stays.delete(id)
    this.list.value = this.list.value.filter((toast) => toast.id !== id)
  }

  /** Somebody reads them: none leaves by itself until `release`. */
  hold(): void {
    if (this.#isHeld) return
    this.#isHeld = true
    for (const stay of this.#stays.values()) {
      clearTimeout(stay.timer)
      stay.left -= Date.now() - stay.since
    }
  }

  /** Each stays for as long as it had left. */
  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    for (const [id, stay] of this.#stays) this.#run(id, stay)
  }

  #run(id: number, stay: Stay): void {
    stay.since = Date.now()
    stay.timer = setTimeout(() => this.dismiss(id), stay.left)
  }
}

export const toasts: Toasts = new Toasts()
