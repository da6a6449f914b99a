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

/** What stands for a listener in the emitter: for whom, and whether it was set as `on…`. */
interface Stand {
  readonly listener: EventListener
  readonly isHandler: boolean
}

const stands = new WeakMap<object, Stand>()

export class EventHandlers extends EventEmitter {
  addEventListener(type: string, listener: EventListener, options: { once?: boolean } = {}): void {
    if (!TYPES.includes(type) || this.#emittedFor(type, { listener, isHandler: false }) !== undefined) return
    this.#add(type, { listener, isHandler: false }, options.once === true)
  }

  removeEventListener(type: string, listener: EventListener): void {
    const emitted = this.#emittedFor(type, { listener, isHandler: false })
    if (emitted !== undefined) this.off(type, emitted)
  }

  get onopen(): EventListener | null {
    return this.#handler('open')
  }
  set onopen(handler: EventListener | null) {
    this.#handle('open', handler)
  }
  get onmessage(): EventListener | null {
    return this.#handler('message')
  }
  set onmessage(handler: EventListener | null) {
    this.#handle('message', handler)
  }
  get onerror(): EventListener | null {
    return this.#handler('error')
  }
  set onerror(handler: EventListener | null) {
    this.#handle('error', handler)
  }
  get onclose(): EventListener | null {
    return this.#handler('close')
  }
  set onclose(handler: EventListener | null) {
    this.#handle('close', handler)
  }

  #handler(type: string): EventListener | null {
    const emitted = this.#emittedFor(type, { isHandler: true })
    return emitted === undefined ? null : stands.get(emitted)!.listener
  }

  #handle(type: string, handler: EventListener | null): void {
    const known = this.#emittedFor(type, { isHandler: true })
    if (known !== undefined) this.off(type, known)
    if (typeof handler === 'function') this.#add(type, { listener: handler, isHandler: true }, false)
  }

  #add(type: string, stand: Stand, isOnce: boolean): void {
    const { listener } = stand
    const emitted: Emitted = (...args) => {
      const event = toEvent(this, type, args)
      if (typeof listener === 'function') listener.call(this, event)
      else listener.handleEvent(event)
    }
    stands.set(emitted, stand)
    if (isOnce) this.once(type, emitted)
    else this.on(type, emitted)
  }

  /** The emitter knows best who listens: `removeAllListeners` is its own. */
  #emittedFor(type: string, wanted: { listener?: EventListener; isHandler: boolean }): Emitted | undefined {
    return this.listeners(type).find((emitted) => {
      const stand = stands.get(emitted)
      if (stand === undefined || stand.isHandler !== wanted.isHandler) return false
      return wanted.listener === undefined || stand.listener === wanted.listener
    }) as Emitted | undefined
  }
}
