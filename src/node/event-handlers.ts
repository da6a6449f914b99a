/**
 * An EventTarget with event handlers: `onopen` and its like are listeners of which there is at most one for each type.
 * WHATWG HTML 8.1.8.1.
 */

/** The value of a handler: any object is kept, as in a browser, and called if it can be. */
export type Handler = object | null

interface Registration {
  handler: object
  readonly listener: (event: Event) => void
}

export class HandlerTarget extends EventTarget {
  readonly #registrations = new Map<string, Registration>()

  /** What was set as handler. */
  protected handlerOf(type: string): Handler {
    return this.#registrations.get(type)?.handler ?? null
  }

  /** A new handler takes the place of the old one in the order of listeners; `null` gives the place up. */
  protected setHandler(type: string, value: unknown): void {
    const handler = (typeof value === 'object' || typeof value === 'function') && value !== null ? value : null
    const known = this.#registrations.get(type)
    if (known === undefined) {
      if (handler !== null) this.#register(type, handler)
    } else if (handler !== null) {
      known.handler = handler
    } else {
      this.#registrations.delete(type)
      super.removeEventListener(type, known.listener)
    }
  }

  #register(type: string, handler: object): void {
    const registration: Registration = {
      handler,
      listener: (event) => {
        if (typeof registration.handler === 'function') registration.handler.call(this, event)
      },
    }
    this.#registrations.set(type, registration)
    super.addEventListener(type, registration.listener)
  }
}
