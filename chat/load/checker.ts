/** Checks what clients have seen against what was acknowledged: once each, no holes, one order, each sender's own order. */
import type { ChatClient } from './chat-client.ts'
import { must } from './scenario.ts'

export interface Acknowledged {
  readonly cid: string
  readonly sender: string
  readonly seq: number
  readonly epoch: string
}

/** Books of everything that was acknowledged in one room. */
export class Ledger {
  readonly acknowledged: Acknowledged[] = []

  /**
   * Check the entries that each client holds. `from` is the first position that all of them must have; duplicates are allowed
   * only where a fault was asked for.
   */
  check(clients: readonly ChatClient[], room: string): void {
    const [reference] = clients
    const view = reference!.rooms.get(room)!
    const byCid = new Map<string, number>()
    for (const [seq, { cid }] of view.entries) {
      must(!byCid.has(cid), `the cid ${cid} stands at ${byCid.get(cid)} and at ${seq}`)
      byCid.set(cid, seq)
    }
    for (const { cid, seq } of this.acknowledged) {
      must(byCid.get(cid) === seq, `acknowledged at ${seq}, found at ${byCid.get(cid) ?? 'no place'}: ${cid}`)
    }
    this.#checkSenders()
    for (const client of clients) {
      const seen = client.rooms.get(room)!
      must(seen.last === view.last, `a client ends at ${seen.last}, another at ${view.last}`)
      const first = Math.min(...seen.entries.keys())
      must(
        seen.entries.size === seen.last - first + 1,
        `a client has ${seen.entries.size} entries from ${first} to ${seen.last}`,
      )
      for (const [seq, { cid }] of seen.entries) {
        const other = view.entries.get(seq)
        must(
          other === undefined || other.cid === cid,
          `position ${seq} is ${cid} for one client and ${other?.cid} for another`,
        )
      }
    }
  }

  /** What one sender has sent one after the other stands in that order. */
  #checkSenders(): void {
    const last = new Map<string, number>()
    for (const { sender, seq } of this.acknowledged) {
      must(seq > (last.get(sender) ?? 0), `${sender}: ${seq} was acknowledged after ${last.get(sender)}`)
      last.set(sender, seq)
    }
  }
}
