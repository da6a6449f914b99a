/**
 * Brings the outbox to the server: one message of a room at a time, so that the order in which they were written is the
 * order in which they are stored. An answer that does not come is no answer: the message goes out again under its `cid`.
 */
import type { Outbox, OutboxEntry } from './outbox.ts'
import { RequestError, type Requests } from './requests.ts'
import type { RoomSession } from './room-session.ts'

/** How long a room rests after a failure that passes, when the server does not say, in milliseconds. */
const REST = 1000

export interface SenderOptions {
  readonly outbox: Outbox
  readonly requests: Requests
  readonly session: (room: string) => RoomSession | undefined
}

export class Sender {
  readonly #options: SenderOptions
  readonly #busy = new Set<string>()
  readonly #rests = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Send whatever may go out now. */
  flush(): void {
    const { outbox } = this.#options
    const ready = (room: string): boolean =>
      !this.#busy.has(room) && !this.#rests.has(room) && this.#options.session(room)?.live === true
    for (let entry = outbox.next(ready); entry !== undefined; entry = outbox.next(ready)) {
      this.#busy.add(entry.room)
      void this.#send(entry)
    }
  }

  /** The connection is gone. */
  lost(): void {
    for (const timer of this.#rests.values()) clearTimeout(timer)
    this.#rests.clear()
    this.#options.outbox.connectionLost()
  }

  async #send({ cid, room, text, replyTo }: OutboxEntry): Promise<void> {
    const { outbox, requests, session } = this.#options
    outbox.sending(cid)
    try {
      const reply = await requests.ask('send', replyTo === undefined ? { cid, text } : { cid, text, replyTo }, room)
      this.#busy.delete(room)
      outbox.stored(cid, reply.seq)
      const current = session(room)
      if (current !== undefined && current.log.last >= reply.seq) outbox.acknowledged(cid)
      else current?.expect(reply.seq)
    } catch (error) {
      this.#busy.delete(room)
      this.#failed({ cid, room }, error as RequestError)
    }
    this.flush()
  }

  #failed({ cid, room }: { cid: string; room: string }, { body }: RequestError): void {
    const { outbox } = this.#options
    if (!body.retry) return outbox.failed(cid, body.name)
    outbox.requeue(cid)
    if (body.name === 'offline') return
    clearTimeout(this.#rests.get(room))
    const timer = setTimeout(() => {
      this.#rests.delete(room)
      this.flush()
    }, body.afterMs ?? REST)
    this.#rests.set(room, timer)
  }
}
