/** A socket without a network: the test plays the server. */
import type { Message, SocketLike } from 'barewire/reconnect'

interface Sent {
  readonly t: string
  readonly id?: number
  readonly room?: string
  readonly d: Record<string, unknown>
}

export class FakeSocket implements SocketLike {
  static readonly all: FakeSocket[] = []
  readyState = 0
  readonly protocol = 'chat.v1'
  readonly bufferedAmount = 0
  binaryType = 'blob'
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  readonly sent: Sent[] = []
  closedWith: number | undefined

  constructor() {
    FakeSocket.all.push(this)
  }

  /** The newest socket that was made. */
  static get last(): FakeSocket {
    return FakeSocket.all[FakeSocket.all.length - 1]!
  }

  send(data: Message): void {
    this.sent.push(JSON.parse(String(data)) as Sent)
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005
    this.readyState = 3
  }

  /** The server accepts. */
  open(): void {
    this.readyState = 1
    this.onopen?.({} as never)
  }

  /** The server says something. */
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) } as never)
  }

  /** The connection ends. */
  end(code = 1006, reason = ''): void {
    this.readyState = 3
    this.onclose?.({ code, reason } as never)
  }

  /** The requests of a type, oldest first. */
  asked(t: string): Sent[] {
    return this.sent.filter((message) => message.t === t)
  }

  /** Answer the newest request of a type. */
  answer(t: string, d: object): void {
    const request = this.asked(t).at(-1)
    if (request?.id === undefined)
      throw new Error(`no ${t} was asked; asked were: ${this.sent.map((m) => m.t).join(' ')}`)
    this.say({ re: request.id, ok: true, d })
  }

  /** Refuse the newest request of a type. */
  refuse(t: string, err: object): void {
    this.say({ re: this.asked(t).at(-1)!.id, ok: false, err })
  }
}

export const HELLO = {
  t: 'hello',
  d: {
    v: 1,
    conn: 'c1',
    node: 'n1',
    now: 0,
    ping: { every: 25_000, timeout: 10_000 },
    limits: {},
    authBy: 10_000,
    guests: true,
    durability: 'memory',
  },
}

export const ADA = { id: 'u-ada', name: 'Ada' }
export const EVE = { id: 'u-eve', name: 'Eve' }

/** The body of a message in the log. */
export function entry(seq: number, text = `m${seq}`, from = EVE): Record<string, unknown> {
  return { kind: 'msg', seq, id: `id-${seq}`, cid: `cid-${seq}`, from, text, ts: seq * 1000 }
}

/** The same as an event. */
export function msgEvent(seq: number, more: object = {}): object {
  const { kind: _kind, seq: _seq, ...d } = entry(seq)
  return { t: 'msg', room: 'general', seq, d: { ...d, ...more } }
}

/** What a join is answered with. */
export function joinReply(msgs: object[], more: object = {}): object {
  const head = (msgs.at(-1) as { seq: number } | undefined)?.seq ?? 0
  return {
    epoch: 'e1',
    head,
    first: 1,
    msgs,
    complete: true,
    reset: false,
    missed: 0,
    presence: { list: [{ ...ADA, conns: 1 }], users: 1, conns: 1, members: 1 },
    read: 0,
    cursor: 0,
    ...more,
  }
}
