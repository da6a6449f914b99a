/** A bus over Redis: topics reach the sockets of all nodes. While Redis is away each node has its own, and tries again. */
import { randomUUID } from 'node:crypto'
import { createClient } from 'redis'
import type { Bus, BusMessage } from 'barewire'

/** Where they meet; bytes that may wait for Redis; what a message counts besides its own. */
const [CHANNEL, BUDGET, OVERHEAD] = ['topics', 16 * 1024 * 1024, 512]

export class RedisBus implements Bus {
  readonly #from = randomUUID()
  readonly #clients
  #waiting = 0
  dropped = 0

  constructor(url: string, onError: (error: Error) => void) {
    const publisher = createClient({ url, disableOfflineQueue: true })
    this.#clients = [publisher, publisher.duplicate({ disableOfflineQueue: false })] as const
    for (const client of this.#clients) client.on('error', onError).connect().catch(onError)
  }

  publish({ message, ...how }: BusMessage): void {
    const body = typeof message === 'string' ? { text: message } : { base64: Buffer.from(message).toString('base64') }
    const wire = JSON.stringify({ from: this.#from, ...how, ...body })
    const size = Buffer.byteLength(wire) + OVERHEAD
    // What Redis does not take is lost for the other nodes; it must not fill the memory of this one.
    if (this.#waiting + size > BUDGET) return void this.dropped++
    this.#waiting += size
    const sent = this.#clients[0].publish(CHANNEL, wire).catch(() => this.dropped++)
    void sent.finally(() => (this.#waiting -= size))
  }

  join(receive: (message: BusMessage) => void): () => void {
    const listener = (wire: string): void => {
      const { from, text, base64, ...how } = JSON.parse(wire)
      if (from !== this.#from) receive({ ...how, message: text ?? Buffer.from(base64, 'base64') })
    }
    this.#clients[1].subscribe(CHANNEL, listener).catch(() => {})
    return () => this.#clients.forEach((client) => client.destroy())
  }
}
