/**
 * Requests of one connection and the replies they wait for. Every wait has a deadline, and ends when the connection does.
 */
import type { ErrorBody } from '../../../protocol/error-codes.ts'
import { readReply, type Reply, writeRequest } from '../../../protocol/envelope.ts'
import type { ReplyBody, RequestBody, RequestType } from '../../../protocol/requests.ts'

/** How long a reply may take, in milliseconds. */
export const REQUEST_TIMEOUT = 10_000

/** A request that did not succeed: what the server answered, or why no answer came (`offline`, `timeout`, `bad_reply`). */
export class RequestError extends Error {
  readonly body: ErrorBody

  constructor(body: ErrorBody) {
    super(body.detail ?? body.name)
    this.name = 'RequestError'
    this.body = body
  }
}

const local = (name: string): RequestError => new RequestError({ code: 0, name, retry: true })

/** There is nobody to ask. */
export const offline = (): RequestError => local('offline')

interface Pending {
  readonly type: RequestType
  readonly resolve: (body: never) => void
  readonly reject: (error: RequestError) => void
  readonly timer: ReturnType<typeof setTimeout>
}

export class Requests {
  readonly #send: (text: string) => boolean
  readonly #pending = new Map<number, Pending>()
  #lastId = 0

  constructor(send: (text: string) => boolean) {
    this.#send = send
  }

  /** Ask, and wait for the answer. Rejects with a `RequestError`, never with anything else. */
  ask<T extends RequestType>(type: T, d: RequestBody<T>, room?: string): Promise<ReplyBody<T>> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      if (!this.#send(writeRequest(type, d, room === undefined ? { id } : { id, room }))) return reject(offline())
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(local('timeout'))
      }, REQUEST_TIMEOUT)
      this.#pending.set(id, { type, resolve, reject, timer })
    })
  }

  /** Say something that needs no answer. */
  tell<T extends RequestType>(type: T, d: RequestBody<T>, room?: string): void {
    this.#send(writeRequest(type, d, room === undefined ? {} : { room }))
  }

  /** A reply has come. One that nobody waits for any more is dropped. */
  settle(reply: Reply): void {
    const pending = this.#pending.get(reply.re)
    if (pending === undefined) return
    this.#pending.delete(reply.re)
    clearTimeout(pending.timer)
    if (!reply.ok) return pending.reject(new RequestError(reply.err))
    const body = readReply(pending.type, reply.d)
    if (body === undefined) pending.reject(local('bad_reply'))
    else pending.resolve(body as never)
  }

  /** The connection is gone, and every answer with it. */
  abort(): void {
    const lost = [...this.#pending.values()]
    this.#pending.clear()
    for (const { timer, reject } of lost) {
      clearTimeout(timer)
      reject(offline())
    }
  }
}

/** Wait for an answer that only tells whether: `undefined`, or why not, as the name of an error. */
export async function whyNot(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    await asked
    return undefined
  } catch (error) {
    return (error as RequestError).body.name
  }
}
