/**
 * The browser's way to listen, on top of an EventEmitter: `onmessage` and its like, and `addEventListener`.
 */
import { EventEmitter } from 'node:events'

/** An event as its listeners see it. */
export interface SocketEvent {
  readonly type: string
  readonly target: unknown
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
  readonly wasClean?: boolean
  readonly error?: Error
  readonly message?: string
}

export type EventListener = ((event: SocketEvent) => unknown) | { handleEvent(event: SocketEvent): unknown }

type Emitted = (...args: unknown[]) => void

const TYPES: readonly string[] = ['open', 'message', 'error', 'close']

/** Make the event from what is emitted. */
function toEvent(target: unknown, type: string, args: readonly unknown[]): SocketEvent {
  if (type === 'message') {
    const [data, isBinary] = args as [Buffer, boolean]
    return { type, target, data: isBinary ? data : data.toString() }
  }
  if (type === 'close') {
    const [code, reason] = args as [number, Buffer]
    return { type, target, code, reason: reason.toString(), wasClean: code !== 1006 }
  }
  if (type === 'error') {
    const [error] = args as [Error]
    return { type, target, error, message: error.message }
  }
  return { type, target }
}

export class EventHandlers extends EventEmitter {
  /** The listeners as they were given, and what stands for them in the emitter. */
  readonly #added = new Map<string, Map<EventListener, Emitted>>()
  readonly #handlers = new Map<string, EventListener>()

  addEventListener(type: string, listener: EventListener, options: { once?: boolean } = {}): void {
    if (!TYPES.includes(type)) return
    const added = this.#added.get(type) ?? new Map<EventListener, Emitted>()
    this.#added.set(type, added)
    if (added.has(listener)) return
    const emitted = (...args: unknown[]): void => {
      if (options.once === true) this.removeEventListener(type, listener)
      const event = toEvent(this, type, args)
      if (typeof listener === 'function') listener.call(this, event)
      else listener.handleEvent(event)
    }
    added.set(listener, emitted)
    this.on(type, emitted)
  }

  removeEventListener(type: string, listener: EventListener): void {
    const emitted = this.#added.get(type)?.get(listener)
    if (emitted === undefined) return
    this.#added.get(type)!.delete(listener)
    this.off(type, emitted)
  }

  get onopen(): EventListener | null {
    return this.#handlers.get('open') ?? null
  }
  set onopen(handler: EventListener | null) {
    this.#handle('open', handler)
  }
  get onmessage(): EventListener | null {
    return this.#handlers.get('message') ?? null
  }
  set onmessage(handler: EventListener | null) {
    this.#handle('message', handler)
  }
  get onerror(): EventListener | null {
    return this.#handlers.get('error') ?? null
  }
  set onerror(handler: EventListener | null) {
    this.#handle('error', handler)
  }
  get onclose(): EventListener | null {
    return this.#handlers.get('close') ?? null
  }
  set onclose(handler: EventListener | null) {
    this.#handle('close', handler)
  }

  #handle(type: string, handler: EventListener | null): void {
    const known = this.#handlers.get(type)
    if (known !== undefined) this.removeEventListener(type, known)
    this.#handlers.delete(type)
    if (typeof handler !== 'function') return
    // A function of its own, so that the same one may also be added as a listener.
    const own: EventListener = (event) => handler.call(this, event)
    this.#handlers.set(type, own)
    this.addEventListener(type, own)
  }
}
