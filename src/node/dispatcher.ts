/**
 * From what a connection tells to the handlers of the application: one after the other where that was asked for, within
 * the rates that were set, and with whatever they throw or reject told to the one handler for that.
 */
import { CloseCode } from '../protocol/close-code.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import { Stall } from '../protocol/message-receiver.ts'
import { channels } from './diagnostics.ts'
import type { BindingListener } from './duplex-binding.ts'
import { MessageParts } from './message-parts.ts'
import { RateLimiter } from './rate-limit.ts'
import type { ServerSettings } from './server-options.ts'
import { internalsOf, type Socket } from './socket.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import type { TopicHub } from './topic-hub.ts'

/** Listens to all connections of one server. */
export class Dispatcher<Data> implements BindingListener<Socket<Data>> {
  readonly #settings: ServerSettings<Data>
  readonly #hub: () => TopicHub<Data>
  readonly #gone: (socket: Socket<Data>) => void

  constructor(
    settings: ServerSettings<Data>,
    ends: { hub: () => TopicHub<Data>; gone: (socket: Socket<Data>) => void },
  ) {
    this.#settings = settings
    this.#hub = ends.hub
    this.#gone = ends.gone
  }

  /** Call a handler; what it throws or rejects with is told to `error`. */
  call(socket: Socket<Data>, handler: () => unknown): void {
    try {
      this.#watch(socket, handler())
    } catch (error) {
      this.error(socket, error)
    }
  }

  message(socket: Socket<Data>, message: string | Uint8Array, isText: boolean): void {
    if (channels.message.hasSubscribers) channels.message.publish({ socket, message, isText })
    if (this.#settings.rates !== undefined && !this.#mayPass(socket, message.length)) return
    const { queue } = internalsOf(socket)
    if (queue !== undefined) return queue.push(message)
    const result = this.#settings.options.message?.(socket, message, isText)
    if (result instanceof Promise) this.#wait(socket, result)
  }

  part(socket: Socket<Data>, bytes: Uint8Array, { isText, final }: { isText: boolean; final: boolean }): void {
    const internals = internalsOf(socket)
    let { parts } = internals
    if (parts === undefined) {
      parts = new MessageParts(isText, (wanted) => hold(socket, wanted))
      internals.parts = parts
      this.#watch(socket, this.#settings.options.parts!(socket, parts))
    }
    if (bytes.length > 0) parts.push(bytes)
    if (!final) return
    internals.parts = undefined
    parts.end()
  }

  ping(socket: Socket<Data>, payload: Uint8Array): void {
    if (this.#settings.rates !== undefined) this.#slowDown(socket, limiterOf(socket, this.#settings).ping())
    this.#watch(socket, this.#settings.options.ping?.(socket, payload))
  }

  pong(socket: Socket<Data>, payload: Uint8Array): void {
    this.#watch(socket, this.#settings.options.pong?.(socket, payload))
  }

  drain(socket: Socket<Data>): void {
    this.#watch(socket, this.#settings.options.drain?.(socket))
  }

  blocked(socket: Socket<Data>): void {
    const { member } = internalsOf(socket)
    if (member !== undefined) this.#hub().topics.blocked(member)
  }

  unblocked(socket: Socket<Data>): void {
    const { member } = internalsOf(socket)
    if (member !== undefined) this.#hub().topics.drained(member)
  }

  close(socket: Socket<Data>, outcome: CloseOutcome): void {
    const { member, queue, parts, rateDeadline } = internalsOf(socket)
    if (rateDeadline !== undefined) wheel.clear(rateDeadline)
    this.#gone(socket)
    if (member !== undefined) this.#hub().remove(socket, member)
    parts?.end(outcome)
    queue?.end(outcome)
    if (channels.close.hasSubscribers) channels.close.publish({ socket, outcome })
    this.#watch(socket, this.#settings.options.close?.(socket, outcome))
  }

  /** Tell the application of a mistake of its own; without a handler for that, the socket it concerns is closed. */
  error(socket: Socket<Data> | undefined, error: unknown): void {
    if (channels.error.hasSubscribers) channels.error.publish({ socket, error })
    const { error: handler } = this.#settings.options
    if (handler !== undefined) {
      try {
        const result = handler(error, socket)
        if (result instanceof Promise) result.catch(ignore)
        return
      } catch {
        // It cannot be told to anyone; the socket it concerns is closed below.
      }
    }
    const cause = error instanceof Error ? error : new Error(String(error))
    if (socket === undefined) return
    const { connection } = internalsOf(socket).binding
    connection.fail(CloseCode.InternalError, 'internal error', { cause: 'local', error: cause })
  }

  #watch(socket: Socket<Data>, result: unknown): void {
    if (result instanceof Promise) result.catch((error: unknown) => this.error(socket, error))
  }

  /** With `sequential` the next message waits until this one was dealt with, and TCP holds the peer back. */
  #wait(socket: Socket<Data>, result: Promise<unknown>): void {
    if (!this.#settings.sequential) return this.#watch(socket, result)
    hold(socket, true)
    result.catch((error: unknown) => this.error(socket, error)).finally(() => hold(socket, false))
  }

  /** Answers whether the message may be delivered. */
  #mayPass(socket: Socket<Data>, length: number): boolean {
    return this.#slowDown(socket, limiterOf(socket, this.#settings).message(length))
  }

  #slowDown(socket: Socket<Data>, waitMs: number): boolean {
    if (waitMs === 0) return true
    const internals = internalsOf(socket)
    const { connection } = internals.binding
    if (this.#settings.rates!.whenExceeded === 'close') {
      connection.fail(CloseCode.PolicyViolation, 'too many messages', { cause: 'local' })
      return false
    }
    internals.rateDeadline ??= new Alarm(() => connection.resume(Stall.Rate))
    connection.pause(Stall.Rate)
    wheel.set(internals.rateDeadline, waitMs)
    return true
  }
}

function limiterOf<Data>(socket: Socket<Data>, settings: ServerSettings<Data>): RateLimiter {
  const internals = internalsOf(socket)
  internals.limiter ??= new RateLimiter(settings.rates!)
  return internals.limiter
}

/** Let reading rest while a handler or a reader is busy. */
export function hold<Data>(socket: Socket<Data>, wanted: boolean): void {
  const { connection } = internalsOf(socket).binding
  if (wanted) connection.pause(Stall.Handler)
  else connection.resume(Stall.Handler)
}

function ignore(): void {
  // The handler for errors has failed: nobody is left to tell.
}
