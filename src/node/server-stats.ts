/**
 * The numbers of a server: what has happened since it was made. Open sockets count for themselves; what they counted is
 * added here when they are gone, so that a message costs nothing more.
 */
import type { CloseCause, CloseOutcome } from '../protocol/close-outcome.ts'
import type { ControlCounts } from '../protocol/opcode.ts'
import type { SocketStats } from './binding-options.ts'

export interface ServerStats extends SocketStats {
  /** Open connections, and those that are closing. */
  readonly connections: number
  /** Handshakes that are not decided yet, that were accepted, and that were refused. */
  readonly handshakes: number
  readonly accepted: number
  readonly refused: number
  /** Connections that have ended, by their cause. */
  readonly closed: Readonly<Record<CloseCause, number>>
  /** Bytes that were given to `send` and not yet to the system. */
  readonly bufferedAmount: number
  /** Bytes of publications that wait for subscribers that do not keep up, and are not given to `send` yet. */
  readonly heldAmount: number
  /** Control frames that were sent: the heartbeat's and yours, and the answers that the protocol asks for. RFC 6455 5.5. */
  readonly controlsOut: ControlCounts
  /** Messages that subscribers missed because they did not keep up, those among them that waited when they were closed. */
  readonly dropped: number
}

/** A socket, as far as it counts. */
export interface Counting {
  stats(): SocketStats
  readonly bufferedAmount: number
}

export class ServerCounters {
  accepted = 0
  refused = 0
  readonly #closed: Record<CloseCause, number> = {
    peer: 0,
    local: 0,
    protocol: 0,
    timeout: 0,
    backpressure: 0,
    lifetime: 0,
    shutdown: 0,
    transport: 0,
  }
  /** What the sockets that are gone had counted. */
  readonly #past = { bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 }

  /** A connection has ended. */
  gone(socket: Counting, outcome: CloseOutcome): void {
    this.#closed[outcome.cause]++
    add(this.#past, socket.stats())
  }

  /** Everything, with what the open sockets have counted so far. */
  sum(
    sockets: ReadonlySet<Counting>,
    { controlsOut, ...others }: Pick<ServerStats, 'handshakes' | 'dropped' | 'heldAmount' | 'controlsOut'>,
  ): ServerStats {
    const counts = { ...this.#past }
    let bufferedAmount = 0
    for (const socket of sockets) {
      add(counts, socket.stats())
      bufferedAmount += socket.bufferedAmount
    }
    const { accepted, refused } = this
    return {
      connections: sockets.size,
      accepted,
      refused,
      closed: { ...this.#closed },
      ...counts,
      bufferedAmount,
      controlsOut: { close: controlsOut.close, ping: controlsOut.ping, pong: controlsOut.pong },
      ...others,
    }
  }
}

function add(sum: { -readonly [Count in keyof SocketStats]: number }, counts: SocketStats): void {
  sum.bytesIn += counts.bytesIn
  sum.bytesOut += counts.bytesOut
  sum.messagesIn += counts.messagesIn
  sum.messagesOut += counts.messagesOut
}
