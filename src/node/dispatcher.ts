/**
 * From what a connection tells to the handlers of the application: one after the other where that was asked for, within
 * the rates that were set, and with whatever they throw or reject told to the one handler for that.
 */
import { CloseCode } from '../protocol/close-code.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import type { PartPlace } from '../protocol/connection-options.ts'
import { Stall } from '../protocol/stall.ts'
import { channels } from './diagnostics.ts'
import type { BindingListener } from './binding-options.ts'
import { MessageParts } from './message-parts.ts'
import { OutputBudget } from './output-budget.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { ServerSettings } from './server-options.ts'
import { internalsOf, type Socket } from './socket.ts'
import { isThenable } from './thenable.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import type { TopicHub } from './topic-hub.ts'

/** Listens to all connections of one server. */
export class Dispatcher<Data> implements BindingListener<Socket<Data>> {
  readonly #settings: ServerSettings<Data>
  readonly #hub: () => TopicHub<Data>
  readonly #gone: (socket: Socket<Data>, outcome: CloseOutcome) => void
  readonly #budget: OutputBudget
  /** Until when what is behind a message in parts waits, once all of it has come. */
  readonly #handling = new WeakMap<MessageParts, Promise<void>>()
  /** How many such handlers a socket has that a Close waits for. */
  readonly #answering = new WeakMap<Socket<Data>, number>()

  constructor(
    settings: ServerSettings<Data>,
    ends: { hub: () => TopicHub<Data>; gone: (socket: Socket<Data>, outcome: CloseOutcome) => void },
  ) {
    this.#settings = settings
    this.#hub = ends.hub
    this.#gone = ends.gone
    this.#budget = new OutputBudget(settings.maxBufferedTotal)
  }

  /** Call a handler; what it throws or rejects with is told to `error`. */
  call(socket: Socket<Data>, handler: () => unknown): void {
    try {
      this.#watch(socket, handler())
    } catch (error) {
      this.error(socket, error)
    }
  }

  /** Messages that come before the `open` handler's promise is settled wait, unless it iterates over them itself. */
  open(socket: Socket<Data>): void {
    try {
      const result = this.#settings.options.open?.(socket)
      if (isThenable(result)) this.#hold(socket, result, internalsOf(socket).queue === undefined)
    } catch (error) {
      this.error(socket, error)
    }
  }

  message(socket: Socket<Data>, message: string | Uint8Array, isText: boolean): void {
    if (channels.message.hasSubscribers) channels.message.publish({ socket, message, isText })
    const { queue, limiter } = internalsOf(socket)
    if (limiter !== undefined && !keepWithin(socket, limiter, limiter.message(byteLengthOf(message)))) return
    if (queue !== undefined) return queue.push(message)
    const result = this.#settings.options.message?.(socket, message, isText)
    if (!isThenable(result)) return
    this.#hold(socket, result, this.#settings.sequential && internalsOf(socket).queue === undefined)
  }

  part(socket: Socket<Data>, bytes: Uint8Array, { isText, first, final }: PartPlace): void {
    const internals = internalsOf(socket)
    const { limiter } = internals
    if (limiter !== undefined && !keepWithin(socket, limiter, limiter.message(bytes.length, final ? 1 : 0))) return
    let { parts } = internals
    if (parts === undefined || first) {
      // After a close in its midst, the rest of a message is not told.
      parts?.discard('the socket was closed before all of the message had come')
      parts = new MessageParts(isText, (wanted) => internals.binding.hold(wanted))
      internals.parts = parts
      this.#handOver(socket, parts)
    }
    if (bytes.length > 0) parts.push(bytes)
    if (!final) return
    internals.parts = undefined
    parts.end()
    const handling = this.#handling.get(parts)
    // A handler that waits for what follows itself must not have it wait.
    if (handling === undefined || internals.queue !== undefined) return
    if (this.#settings.sequential) this.#hold(socket, handling, true)
    else this.#awaitAnswer(socket, handling)
  }

  ping(socket: Socket<Data>, payload: Uint8Array): void {
    const { limiter } = internalsOf(socket)
    if (limiter !== undefined && !keepWithin(socket, limiter, limiter.ping())) return
    this.#watch(socket, this.#settings.options.ping?.(socket, payload))
  }

  pong(socket: Socket<Data>, payload: Uint8Array): void {
    this.#watch(socket, this.#settings.options.pong?.(socket, payload))
  }

  drain(socket: Socket<Data>): void {
    this.#watch(socket, this.#settings.options.drain?.(socket))
  }

  blocked(socket: Socket<Data>): void {
    const { member, binding } = internalsOf(socket)
    if (member !== undefined) this.#hub().topics.blocked(member)
    this.#budget.weigh(binding.output)
  }

  weigh(socket: Socket<Data>): void {
    const { output } = internalsOf(socket).binding
    if (output.isBehind) this.#budget.weigh(output)
    else this.#budget.forget(output)
  }

  unblocked(socket: Socket<Data>): void {
    const { member, binding } = internalsOf(socket)
    this.#budget.forget(binding.output)
    if (member !== undefined) this.#hub().topics.drained(member)
  }

  settle(socket: Socket<Data>): void {
    const { member } = internalsOf(socket)
    if (member !== undefined) this.#hub().topics.settle(member)
  }

  /** Nothing that is published from now on could reach it. */
  closing(socket: Socket<Data>): void {
    const { member } = internalsOf(socket)
    if (member !== undefined) this.#hub().remove(socket, member)
  }

  close(socket: Socket<Data>, outcome: CloseOutcome): void {
    const { member, queue, parts, limiter } = internalsOf(socket)
    limiter?.stop()
    this.#budget.forget(internalsOf(socket).binding.output)
    this.#gone(socket, outcome)
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
        if (isThenable(result)) Promise.resolve(result).catch(ignore)
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

  /** Call the `parts` handler. A message that it leaves unread is discarded: nobody else would ever let the peer go on. */
  #handOver(socket: Socket<Data>, parts: MessageParts): void {
    const failed = (error: unknown): void => {
      this.error(socket, error)
      parts.discard('the parts handler has failed')
    }
    const settled = (): void => {
      if (!parts.hasReader) parts.discard('the parts handler had settled before anybody read the message')
    }
    try {
      const result = this.#settings.options.parts!(socket, parts)
      if (!isThenable(result)) return settled()
      const handling = Promise.resolve(result).then(settled, failed)
      this.#handling.set(parts, handling)
    } catch (error) {
      failed(error)
    }
  }

  /** The messages behind it are delivered, but a Close waits: there may be an answer yet. */
  #awaitAnswer(socket: Socket<Data>, handling: Promise<void>): void {
    const { binding } = internalsOf(socket)
    this.#answering.set(socket, (this.#answering.get(socket) ?? 0) + 1)
    binding.work(Stall.PartsAnswer, true)
    void handling.then(() => {
      const others = this.#answering.get(socket)! - 1
      this.#answering.set(socket, others)
      if (others === 0) binding.work(Stall.PartsAnswer, false)
    })
  }

  #watch(socket: Socket<Data>, result: unknown): void {
    if (isThenable(result)) Promise.resolve(result).catch((error: unknown) => this.error(socket, error))
  }

  /**
   * With `rests`, what comes next waits until the promise is settled, and TCP holds the peer back. Never for a handler that
   * reads the messages itself: it would wait for itself.
   */
  #hold(socket: Socket<Data>, result: PromiseLike<unknown>, rests: boolean): void {
    if (!rests) return this.#watch(socket, result)
    const { connection } = internalsOf(socket).binding
    connection.pause(Stall.Handler)
    Promise.resolve(result)
      .catch((error: unknown) => this.error(socket, error))
      .finally(() => connection.resume(Stall.Handler))
  }
}

function byteLengthOf(message: string | Uint8Array): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length
}

/** Let the peer wait for so long, or close. Answers whether what has come may be delivered. */
function keepWithin<Data>(socket: Socket<Data>, limiter: RateLimiter, waitMs: number): boolean {
  if (waitMs === 0) return true
  const { connection } = internalsOf(socket).binding
  if (limiter.limits.whenExceeded === 'close') {
    connection.fail(CloseCode.PolicyViolation, 'more than the rate allows', { cause: 'local' })
    return false
  }
  limiter.alarm ??= new Alarm(() => connection.resume(Stall.Rate))
  connection.pause(Stall.Rate)
  wheel.set(limiter.alarm, waitMs)
  return true
}

function ignore(): void {
  // The handler for errors has failed: nobody is left to tell.
}
