/** Somebody who talks at random: says, says again, edits, deletes, leaves and comes back, loses the connection; and keeps books. */
import { type ChatClient, newCid } from './chat-client.ts'
import type { Ledger } from './checker.ts'
import { must, sleep } from './scenario.ts'

/** How often each happens, in a hundred turns; the rest are messages. */
const EDITS = 10
const DELETES = 5
const RETURNS = 5
const LOSSES = 2
/** A sender that is not sure whether it was heard sends the same again. */
const REPEATS = 10

const TRY_AGAIN_MS = 200

export interface SpeakerOptions {
  readonly client: ChatClient
  readonly room: string
  readonly ledger: Ledger
  /** A number from 0 to 1. */
  random(): number
}

/** What a message has become: its text, or nothing when it was deleted. */
type Become = string | undefined

export class Speaker {
  readonly #options: SpeakerOptions
  /** The messages said here, by their place. */
  readonly own = new Map<number, Become>()
  #said = 0

  constructor(options: SpeakerOptions) {
    this.#options = options
  }

  /** Do one thing; resolves when it is acknowledged. */
  async act(): Promise<void> {
    const { client, random } = this.#options
    let chance = random() * 100
    const target = this.#oneOfMine()
    if ((chance -= EDITS) < 0 && target !== undefined) {
      const text = this.#text()
      await this.#change(target, text)
    } else if ((chance -= DELETES) < 0 && target !== undefined) await this.#change(target, undefined)
    else if ((chance -= RETURNS) < 0) await this.#leaveAndReturn()
    else if ((chance -= LOSSES) < 0) client.drop()
    else await this.#say()
  }

  async #say(): Promise<void> {
    const { client, room, random } = this.#options
    const [cid, text] = [newCid(), this.#text()]
    const { seq } = await client.surely('send', { cid, text }, { room })
    this.#note(cid, seq)
    this.own.set(seq, text)
    if (random() * 100 >= REPEATS) return
    const again = await client.surely('send', { cid, text }, { room })
    must(again.seq === seq, `the same cid was acknowledged at ${seq} and at ${again.seq}`)
  }

  async #change(target: number, text: Become): Promise<void> {
    const { client, room } = this.#options
    const cid = newCid()
    const reply =
      text === undefined
        ? await client.surely('delete', { cid, seq: target }, { room })
        : await client.surely('edit', { cid, seq: target, text }, { room })
    this.#note(cid, reply.seq)
    this.own.set(target, text)
  }

  async #leaveAndReturn(): Promise<void> {
    const { client, room } = this.#options
    await client.ask('leave', {}, room).catch(() => {})
    // When the connection is lost meanwhile, whoever keeps it has it join again.
    while (client.isOpen) {
      try {
        await client.join(room)
        return
      } catch {
        await sleep(TRY_AGAIN_MS)
      }
    }
  }

  #oneOfMine(): number | undefined {
    const alive = [...this.own].filter(([, become]) => become !== undefined)
    return alive[Math.floor(this.#options.random() * alive.length)]?.[0]
  }

  #note(cid: string, seq: number): void {
    const { client, ledger } = this.#options
    ledger.acknowledged.push({ cid, sender: client.userId, seq, epoch: '' })
  }

  #text(): string {
    return `${this.#options.client.userId} ${(this.#said += 1)}`
  }
}

/** Read the whole log, and compare every message with what its speaker has made of it. Answers how many were compared. */
export async function checkBecome(reader: ChatClient, room: string, speakers: readonly Speaker[]): Promise<number> {
  const become = new Map(speakers.flatMap(({ own }) => [...own]))
  let compared = 0
  for (let after = 0; ;) {
    const { msgs, complete } = await reader.ask('history', { after, limit: 200 }, room)
    for (const entry of msgs) {
      after = entry.seq
      if (entry.kind !== 'msg' || !become.has(entry.seq)) continue
      const wanted = become.get(entry.seq)
      const found = entry.deleted === undefined ? entry.text : undefined
      must(found === wanted, `${entry.seq} should be ${wanted ?? 'deleted'}, and is ${found ?? 'deleted'}`)
      compared += 1
    }
    if (complete || msgs.length === 0) break
  }
  must(compared === become.size, `${compared} of ${become.size} messages are in the log`)
  return compared
}
