/**
 * An open socket as topics see it.
 */
import { CloseCode } from '../protocol/close-code.ts'
import type { ExtensionInstance } from '../protocol/extension.ts'
import type { Subscriber } from '../pubsub/topic.ts'
import type { DuplexBinding } from './duplex-binding.ts'

export class SocketSubscriber<Owner> implements Subscriber {
  readonly #binding: DuplexBinding<Owner>

  constructor(binding: DuplexBinding<Owner>) {
    this.#binding = binding
  }

  get extension(): ExtensionInstance | undefined {
    return this.#binding.extension
  }

  get takesEncoded(): boolean {
    return this.#binding.connection.takesEncoded
  }

  get isSlow(): boolean {
    return this.#binding.output.isSlow
  }

  sendEncoded(frames: Uint8Array, messages: number): void {
    if (this.#binding.connection.sendEncoded(frames)) this.#binding.messagesOut += messages
  }

  sendMessage(payload: Uint8Array, isText: boolean): void {
    if (this.#binding.connection.send(payload, isText)) this.#binding.sent()
  }

  flush(): void {
    this.#binding.flush()
  }

  holds(bytes: number): void {
    this.#binding.output.holds(bytes)
  }

  closeSlow(): void {
    this.#binding.connection.fail(CloseCode.TryAgainLater, 'does not keep up', { cause: 'backpressure' })
  }
}
