/**
 * The events of a client, their types, and a handler for each. WHATWG WebSockets 3.1; HTML 8.1.8.1.
 */
import { HandlerTarget } from './event-handlers.ts'
import type { CloseEvent, ErrorEvent, MessageEvent } from './events.ts'

/** The events of a WebSocket by their names. */
export interface WebSocketEventMap {
  open: Event
  message: MessageEvent
  error: ErrorEvent
  close: CloseEvent
  /** A ping came; it is answered already. */
  ping: MessageEvent<Uint8Array>
  pong: MessageEvent<Uint8Array>
  /** After `send` had said to wait: go on. */
  drain: Event
}

type HandlerOf<Name extends keyof WebSocketEventMap> = ((event: WebSocketEventMap[Name]) => unknown) | null
type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown }
type ListenerOptions = boolean | { once?: boolean; passive?: boolean; capture?: boolean; signal?: AbortSignal }

export abstract class WebSocketEvents extends HandlerTarget {
  get onopen(): HandlerOf<'open'> {
    return this.handlerOf('open') as HandlerOf<'open'>
  }
  set onopen(handler: HandlerOf<'open'>) {
    this.setHandler('open', handler)
  }
  get onmessage(): HandlerOf<'message'> {
    return this.handlerOf('message') as HandlerOf<'message'>
  }
  set onmessage(handler: HandlerOf<'message'>) {
    this.setHandler('message', handler)
    if (typeof handler === 'function') this.readerCame()
  }
  get onerror(): HandlerOf<'error'> {
    return this.handlerOf('error') as HandlerOf<'error'>
  }
  set onerror(handler: HandlerOf<'error'>) {
    this.setHandler('error', handler)
  }
  get onclose(): HandlerOf<'close'> {
    return this.handlerOf('close') as HandlerOf<'close'>
  }
  set onclose(handler: HandlerOf<'close'>) {
    this.setHandler('close', handler)
  }

  override addEventListener<Name extends keyof WebSocketEventMap>(
    type: Name,
    listener: ((event: WebSocketEventMap[Name]) => unknown) | null,
    options?: ListenerOptions,
  ): void
  override addEventListener(type: string, listener: Listener | null, options?: ListenerOptions): void
  override addEventListener(type: string, listener: never, options?: ListenerOptions): void {
    super.addEventListener(type, listener, options)
    if (type === 'message' && isAdded(listener, options)) this.readerCame()
  }

  override removeEventListener<Name extends keyof WebSocketEventMap>(
    type: Name,
    listener: ((event: WebSocketEventMap[Name]) => unknown) | null,
    options?: ListenerOptions,
  ): void
  override removeEventListener(type: string, listener: Listener | null, options?: ListenerOptions): void
  override removeEventListener(type: string, listener: never, options?: ListenerOptions): void {
    super.removeEventListener(type, listener, options as { capture?: boolean })
  }

  /** Somebody listens for messages. */
  protected abstract readerCame(): void
}

/** What is no listener, or comes with a signal that has aborted, is not added. DOM 2.7. */
function isAdded(listener: unknown, options: ListenerOptions | undefined): boolean {
  const isListener = typeof listener === 'function' || (typeof listener === 'object' && listener !== null)
  return isListener && !(typeof options === 'object' && options?.signal?.aborted === true)
}
