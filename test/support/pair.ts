/**
 * Two connections that talk to each other in memory: what one writes waits until `run` carries it over, in chunks of the
 * sizes asked for.
 */
import type { ConnectionHandler, ConnectionOptions } from '../../src/protocol/connection-options.ts'
import { concat } from './hex.ts'
import { Recorded } from './record.ts'

export interface PairOptions {
  readonly client?: Partial<ConnectionHandler>
  readonly server?: Partial<ConnectionHandler>
  readonly clientOptions?: Partial<ConnectionOptions>
  readonly serverOptions?: Partial<ConnectionOptions>
  /** Sizes of the chunks, one after the other, over and over. Default: as it was written. */
  readonly sizes?: readonly number[]
}

interface Direction {
  readonly to: () => Recorded
  waiting: Uint8Array
  hasEnded: boolean
  endTold: boolean
}

export class VirtualPair {
  readonly client: Recorded
  readonly server: Recorded
  readonly #directions: { readonly client: Direction; readonly server: Direction }
  readonly #sizes: readonly number[]
  #carried = 0

  constructor({ client = {}, server = {}, clientOptions = {}, serverOptions = {}, sizes = [] }: PairOptions = {}) {
    this.#sizes = sizes
    this.#directions = {
      client: { to: () => this.client, waiting: new Uint8Array(), hasEnded: false, endTold: false },
      server: { to: () => this.server, waiting: new Uint8Array(), hasEnded: false, endTold: false },
    }
    this.client = new Recorded('client', clientOptions, this.#handler('server', client))
    this.server = new Recorded('server', serverOptions, this.#handler('client', server))
  }

  /** Put bytes on the wire to one end, as if the other had written them. */
  inject(to: 'client' | 'server', bytes: Uint8Array): void {
    const direction = this.#directions[to]
    if (!direction.hasEnded) direction.waiting = concat(direction.waiting, bytes)
  }

  /** Carry over one chunk, or an end of the transport; `false` when there is nothing. */
  step(to: 'client' | 'server'): boolean {
    const direction = this.#directions[to]
    const { waiting } = direction
    if (waiting.length > 0) {
      const size = this.#sizes.length === 0 ? waiting.length : this.#sizes[this.#carried++ % this.#sizes.length]!
      direction.waiting = waiting.slice(size)
      direction.to().connection.receive(waiting.slice(0, size))
      return true
    }
    if (!direction.hasEnded || direction.endTold) return false
    direction.endTold = true
    direction.to().connection.receiveEnd()
    return true
  }

  /** Carry over everything, in turns, until both are quiet. */
  run(): void {
    while ([this.step('server'), this.step('client')].includes(true));
  }

  /** The handler of one end: what it writes goes to the other. */
  #handler(to: 'client' | 'server', given: Partial<ConnectionHandler>): Partial<ConnectionHandler> {
    const end = (): void => {
      this.#directions[to].hasEnded = true
    }
    return {
      ...given,
      write: (bytes) => this.inject(to, bytes),
      end,
      destroy: end,
    }
  }
}
