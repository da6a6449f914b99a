/**
 * What is sent behind a Blob waits until that was read, pings and the Close frame too, as with `ws`. RFC 6455 5.5.1: nothing
 * follows the Close frame.
 */
import type { Blob } from 'node:buffer'
import { BlobOrder } from '../node/blob-order.ts'
import { Alarm, wheel } from '../node/timer-wheel.ts'

/** What is to be done when its turn has come, or when it never will. */
export interface Turn {
  send(payload: string | Uint8Array): void
  lost(): void
}

export class SendOrder {
  readonly #order: BlobOrder

  /** `failed` is called when a Blob cannot be read. */
  constructor(failed: (error: Error) => void) {
    this.#order = new BlobOrder({ next: ignore, empty: ignore, error: failed })
  }

  get isEmpty(): boolean {
    return this.#order.isEmpty
  }

  /** Bytes that wait. */
  get pending(): number {
    return this.#order.pending
  }

  add(message: string | Uint8Array | Blob, turn: Turn): void {
    const send = (payload: string | Uint8Array): boolean => {
      turn.send(payload)
      return true
    }
    this.#order.add({ message, length: lengthOf(message), send })
    void this.#order.passed().then((hasCome) => {
      if (!hasCome) turn.lost()
    })
  }

  /** Add the Close frame. A Blob may take for ever to be read: `expired` is called when it has not come to it in `timeout` ms. */
  close(send: () => void, { timeout, expired }: { timeout: number; expired: () => void }): void {
    const alarm = new Alarm(expired)
    const settled = (): void => wheel.clear(alarm)
    wheel.set(alarm, timeout)
    this.add('', {
      send: () => {
        settled()
        send()
      },
      lost: settled,
    })
  }

  /** The connection has ended. */
  stop(): void {
    this.#order.stop()
  }
}

function lengthOf(message: string | Uint8Array | Blob): number {
  if (typeof message === 'string') return Buffer.byteLength(message)
  return message instanceof Uint8Array ? message.length : message.size
}

function ignore(): void {
  // Each turn is told by itself.
}
