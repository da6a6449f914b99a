/** What a page asked to go wrong on its own connection, to see how it copes. */
import type { Entry, Request } from '../protocol/index.ts'

export class ConnectionFaults {
  /** So many replies to `send` get lost, with the echo of what was sent. */
  loseAcks = 0
  /** So many entries come twice. */
  duplicate = 0
  readonly #lostCids = new Set<string>()

  /** A message is about to be stored: its echo may be one that gets lost. */
  storing(cid: string): void {
    if (this.loseAcks > 0) this.#lostCids.add(cid)
  }

  /** Whether the reply to a request gets lost. */
  swallowsReply(request: Request): boolean {
    if (request.t !== 'send' || this.loseAcks === 0) return false
    this.loseAcks -= 1
    return true
  }

  /** How often an entry is sent: once, but for a fault. */
  timesSent({ cid }: Entry): 0 | 1 | 2 {
    if (this.#lostCids.delete(cid)) return 0
    if (this.duplicate === 0) return 1
    this.duplicate -= 1
    return 2
  }
}
