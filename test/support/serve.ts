/** A server for one test: it listens on a free port of this host, notes its events, and ends with the test. */
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { CloseOutcome } from '../../src/protocol/close-outcome.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import type { ServerOptions } from '../../src/node/server-options.ts'
import type { Socket } from '../../src/node/socket.ts'

export interface Served<Data> {
  readonly server: WebSocketServer<Data>
  readonly port: number
  /** Every socket that was opened, in order. */
  readonly sockets: Socket<Data>[]
  readonly outcomes: CloseOutcome[]
  /** Resolves with the socket that opens as number `index`. */
  opened(index?: number): Promise<Socket<Data>>
  /** Resolves with the end of the connection that closes as number `index`. */
  closed(index?: number): Promise<CloseOutcome>
}

/** Something to wait for: resolves when `count` things are in a list that grows. */
class Growing<T> {
  readonly items: T[] = []
  readonly #waiting: { index: number; resolve: (item: T) => void }[] = []

  push(item: T): void {
    this.items.push(item)
    for (const { index, resolve } of this.#waiting) if (index === this.items.length - 1) resolve(item)
  }

  at(index: number): Promise<T> {
    const item = this.items[index]
    if (item !== undefined) return Promise.resolve(item)
    return new Promise((resolve) => this.#waiting.push({ index, resolve }))
  }
}

export async function serve<Data = undefined>(options: ServerOptions<Data> = {}): Promise<Served<Data>> {
  const sockets = new Growing<Socket<Data>>()
  const outcomes = new Growing<CloseOutcome>()
  const server = new WebSocketServer<Data>({
    ...options,
    open(socket) {
      sockets.push(socket)
      return options.open?.(socket)
    },
    close(socket, outcome) {
      outcomes.push(outcome)
      return options.close?.(socket, outcome)
    },
  })
  await server.listen(0, '127.0.0.1')
  onTestFinished(async () => {
    await server.shutdown({ deadlineMs: 0 })
  })
  return {
    server,
    port: (server.address() as AddressInfo).port,
    sockets: sockets.items,
    outcomes: outcomes.items,
    opened: (index = 0) => sockets.at(index),
    closed: (index = 0) => outcomes.at(index),
  }
}
