/**
 * One room the user is in: its log, kept without holes; who is there; who types; what was seen. It joins anew after each
 * reconnect from where it stood.
 */
import type { Entry, JoinReply } from '../../../protocol/entities.ts'
import type { ServerEvent } from '../../../protocol/envelope.ts'
import { RoomLog, type RoomMessage } from './room-log.ts'
import { PageLoad } from './page-load.ts'
import { offline, type RequestError, type Requests } from './requests.ts'
import { RoomMarks } from './room-marks.ts'
import { RoomPeople } from './room-people.ts'

/** Entries a page asks for, when it fills a gap. */
const PAGE = 200
/** Older messages that are loaded at a time. */
const EARLIER = 50
/** A gap larger than this is not filled; the newest page is taken instead. */
const GAP_MOST = 1000
/** How long the echo of an acknowledged message may take before it is fetched, in milliseconds. */
const ECHO_TIMEOUT = 1500
/** How soon a failed join or repair is tried again, in milliseconds. */
const AGAIN_AFTER = 2000

export interface RoomSessionOptions {
  readonly room: string
  readonly requests: Requests
  /** Something that is shown has changed. */
  readonly onchange: () => void
  /** A new message of somebody or of this user was applied while connected. */
  readonly onmessage: (entry: Entry & { kind: 'msg' }) => void
  /** The room cannot be joined, and will not be. */
  readonly onrefused: (name: string) => void
}

export class RoomSession {
  readonly room: string
  readonly log = new RoomLog()
  readonly people = new RoomPeople()
  readonly marks: RoomMarks
  /** Pages of older messages, and of members who are away. */
  readonly earlier: PageLoad
  readonly away: PageLoad
  typing: readonly { readonly id: string; readonly name: string }[] = []
  /** Joined on the connection of the moment. */
  live = false
  /** Joined at least once: there is something to show. */
  loaded = false
  /** The log began anew while it was shown. */
  wasReset = false
  /** Entries that were not kept or too many to load. */
  skipped = 0

  readonly #options: RoomSessionOptions
  readonly #requests: Requests
  #repairing: Promise<void> | undefined
  #againTimer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: RoomSessionOptions) {
    this.room = options.room
    this.#options = options
    this.#requests = options.requests
    this.marks = new RoomMarks({ ...options, last: () => this.log.last })
    this.earlier = new PageLoad(options.onchange)
    this.away = new PageLoad(options.onchange)
  }

  /** Enter the room on a fresh connection; answers how many messages had been missed. */
  async join(): Promise<number> {
    if (this.#closed) return 0
    clearTimeout(this.#againTimer)
    const since = this.log.epoch === '' ? undefined : { epoch: this.log.epoch, seq: this.log.last }
    let reply: JoinReply
    try {
      reply = await this.#requests.ask('join', since === undefined ? {} : { since }, this.room)
    } catch (error) {
      this.#joinFailed(error as RequestError)
      return 0
    }
    const before = this.log.messages.length
    this.#takeReply(reply, since !== undefined)
    const missed = since === undefined ? 0 : Math.max(0, this.log.messages.length - before)
    await this.#repair(reply.head)
    this.#options.onchange()
    return missed
  }

  /** The connection is gone. */
  lost(): void {
    this.live = false
    this.typing = []
    this.#repairing = undefined
    clearTimeout(this.#againTimer)
    this.marks.lost()
  }

  /** The user leaves. */
  close(): void {
    this.lost()
    this.#closed = true
  }

  /** An event of this room. */
  take(event: ServerEvent): void {
    switch (event.t) {
      case 'msg':
      case 'edit':
      case 'delete':
        return this.#takeEntry({ kind: event.t, seq: event.seq, ...event.d } as Entry)
      case 'presence':
        this.people.change(event.d, this.log.last)
        return this.#options.onchange()
      case 'typing':
        this.typing = event.d.users
        return this.#options.onchange()
      case 'read':
        this.marks.readElsewhere(event.d.seq)
        return this.#options.onchange()
      case 'reset':
        return void this.join()
      default:
    }
  }

  /** The server has stored a message under this seq; when its echo does not come, it is fetched. */
  expect(seq: number): void {
    if (seq <= this.log.last) return
    setTimeout(() => {
      if (this.live && seq > this.log.last) void this.#repair(seq)
    }, ECHO_TIMEOUT)
  }

  /** Load a page of older messages. */
  async loadEarlier(): Promise<void> {
    if (!this.log.hasEarlier) return
    await this.earlier.run(async () => {
      if (!this.live) throw offline()
      const { epoch, earliest } = this.log
      const page = await this.#requests.ask('history', { before: earliest, limit: EARLIER }, this.room)
      // The log may have begun anew meanwhile; what came before its old beginning would leave a hole.
      if (page.epoch === epoch && this.log.epoch === epoch && this.log.earliest === earliest) this.log.prepend(page)
    })
  }

  /** Load the first, or the next page of the members who are away. */
  async loadAway(): Promise<void> {
    const question = this.people.awayQuestion
    if (question === undefined) return
    await this.away.run(async () => {
      if (!this.live) throw offline()
      this.people.addAway(await this.#requests.ask('absent', question, this.room))
    })
  }

  #takeReply(reply: JoinReply, resumed: boolean): void {
    this.live = true
    this.loaded = true
    this.earlier.forgive()
    this.away.forgive()
    this.marks.joined(reply, reply.epoch === this.log.epoch)
    if (!resumed || reply.reset) {
      this.wasReset = resumed && reply.epoch !== this.log.epoch
      this.skipped = resumed ? reply.missed : 0
      if (resumed) this.people.forgetNotices()
      this.log.reset(reply)
    } else {
      this.log.first = reply.first
      for (const entry of reply.msgs) this.log.apply(entry)
    }
    this.people.set(reply.presence)
    this.marks.ackSoon()
    this.#options.onchange()
  }

  #joinFailed(error: RequestError): void {
    if (this.#closed || error.body.name === 'offline') return
    if (!error.body.retry) return this.#options.onrefused(error.body.name)
    this.#againTimer = setTimeout(() => void this.join(), error.body.afterMs ?? AGAIN_AFTER)
  }

  #takeEntry(entry: Entry): void {
    const last = this.log.last
    const applied = this.log.apply(entry)
    if (applied === 'gap') void this.#repair(entry.seq)
    if (applied === 'applied') {
      for (const message of newerThan(this.log.messages, last)) this.#options.onmessage({ kind: 'msg', ...message })
    }
    this.marks.ackSoon()
    if (applied === 'applied') this.#options.onchange()
  }

  /** Fetch what is missing up to `head`. One repair runs at a time. */
  #repair(head: number): Promise<void> {
    if (this.log.last >= head) return Promise.resolve()
    this.#repairing ??= this.#fill(head).finally(() => (this.#repairing = undefined))
    return this.#repairing
  }

  async #fill(head: number): Promise<void> {
    let wanted = head
    while (this.live && this.log.last < wanted) {
      const from = this.log.last
      if (wanted - from > GAP_MOST) return this.#startOver(wanted - from)
      try {
        const page = await this.#requests.ask('history', { after: from, limit: PAGE }, this.room)
        if (page.epoch !== this.log.epoch || page.first > from + 1) return this.#startOver(page.first - from - 1)
        for (const entry of page.msgs) this.#takeFetched(entry)
        wanted = Math.max(wanted, page.head)
        if (this.log.last === from) return
      } catch (error) {
        const { retry, afterMs, name } = (error as RequestError).body
        if (!retry || name === 'offline') return
        await new Promise((resolve) => setTimeout(resolve, afterMs ?? AGAIN_AFTER))
      }
    }
    this.marks.ackSoon()
    this.#options.onchange()
  }

  #takeFetched(entry: Entry): void {
    if (this.log.apply(entry) === 'applied' && entry.kind === 'msg') this.#options.onmessage(entry)
  }

  /** Too much is missing: take the newest page instead of all of it. */
  async #startOver(skipped: number): Promise<void> {
    try {
      this.log.reset(await this.#requests.ask('history', {}, this.room))
      this.skipped = Math.max(0, skipped)
      this.marks.ackSoon()
      this.#options.onchange()
    } catch {
      // The next entry finds the gap again.
    }
  }
}

function newerThan(messages: readonly RoomMessage[], seq: number): readonly RoomMessage[] {
  let from = messages.length
  while (from > 0 && messages[from - 1]!.seq > seq) from--
  return messages.slice(from)
}
