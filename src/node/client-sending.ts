/**
 * What a client sends, in the order it was given: what follows a Blob waits until that was read, and the Close frame comes
 * last. RFC 6455 5.5.1; WHATWG WebSockets 3.1, `send`, `close` and `bufferedAmount`.
 */
import { Blob } from 'node:buffer'
import { ConnectionState } from '../protocol/connection-state.ts'
import { abortable } from './abortable.ts'
import type { BindingOptions } from './binding-options.ts'
import { BlobOrder } from './blob-order.ts'
import type { CloseArguments } from './close-arguments.ts'
import type { DuplexBinding } from './duplex-binding.ts'
import { MessageWriter } from './message-parts.ts'
import { reportError } from './report-error.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import { lengthOf, UnsentBytes, withoutHeader } from './unsent-bytes.ts'

type Binding = DuplexBinding<unknown>

/** As `send` of a socket was told. */
export interface HowToSend {
  readonly isText: boolean
  readonly compress: boolean
}

export class ClientSending {
  readonly #options: Pick<BindingOptions, 'highWaterMark' | 'closeTimeout'>
  readonly #listener: { drain(): void }
  readonly #unsent = new UnsentBytes()
  #binding: Binding | undefined
  #blobs: BlobOrder | undefined
  /** With what it is to be closed: before there is a connection, or while Blobs are still to be sent. */
  #close: CloseArguments | undefined
  /** For the next Blob to be read once it is closing. */
  #blobDeadline: Alarm | undefined
  /** Whether somebody was told to wait for the Blobs. */
  #owesDrain = false
  #isEnded = false

  constructor(options: Pick<BindingOptions, 'highWaterMark' | 'closeTimeout'>, listener: { drain(): void }) {
    this.#options = options
    this.#listener = listener
  }

  /** There is a connection now. */
  begin(binding: Binding): void {
    this.#binding = binding
  }

  /** Whether nothing more is taken, though the Close frame may still wait. */
  get isClosing(): boolean {
    return this.#close !== undefined
  }

  /** Bytes of messages that were given to `send` and not yet to the system; what came too late counts for ever. */
  get bufferedAmount(): number {
    return this.#unsent.count(this.#isEnded ? undefined : this.#binding) + (this.#blobs?.pending ?? 0)
  }

  /** Answers whether it is well to send more. */
  send(data: string | Uint8Array | Blob, how: HowToSend): boolean {
    const binding = this.#binding
    if (binding === undefined || !this.#isOpen()) {
      this.#unsent.drop(lengthOf(data))
      return false
    }
    if (data instanceof Blob || this.#blobs?.isEmpty === false) return this.#sendInOrder(binding, data, how)
    return this.#sendNow(binding, data, how)
  }

  /** @throws Error while another message in fragments has not ended. */
  startMessage(isText: boolean): MessageWriter {
    const binding = this.#binding!
    return new MessageWriter(binding, {
      isText,
      order: {
        isOpen: () => this.#isOpen(),
        isEmpty: () => this.#blobs === undefined || this.#blobs.isEmpty,
        wait: (fragment, send) => this.#sendFragmentInOrder(binding, fragment, send),
      },
    })
  }

  /** Resolves when it is well to send more; to `false` when the connection is no longer open. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted()
    if (this.#areBlobsOverMark()) await abortable(this.#blobs!.passed(), signal)
    return this.#isOpen() && (await this.#binding!.output.ready(signal))
  }

  /** Resolves when everything sent so far was handed to the system; to `false` when the connection ended before. */
  async whenSent(): Promise<boolean> {
    // Too much may have been unsent for the last message: then it was dropped.
    if (!this.#isOpen()) return false
    const hasPassed = this.#blobs === undefined || (await this.#blobs.passed())
    return hasPassed && (await this.#binding!.output.whenSent())
  }

  /** Take nothing more. */
  stop(close: CloseArguments): void {
    this.#close = close
  }

  /** Send the Close frame behind everything that was taken. */
  close(): void {
    if (this.#blobs === undefined || this.#blobs.isEmpty) this.#sendClose()
    else this.#awaitBlobs()
  }

  /** It is well to send more, as far as the output goes; when Blobs wait, it will be when they do not. */
  drained(): void {
    this.#owesDrain = this.#areBlobsOverMark()
    if (!this.#owesDrain) this.#listener.drain()
  }

  /** The connection is about to be dropped: what it has not sent stays unsent. */
  keepUnsent(): void {
    this.#unsent.keep(this.#binding!)
  }

  /** Nothing more leaves. */
  end(): void {
    this.#isEnded = true
    this.#clearDeadline()
    this.#blobs?.stop()
  }

  #isOpen(): boolean {
    return this.#close === undefined && this.#binding!.connection.state === ConnectionState.Open
  }

  #sendNow(binding: Binding, payload: string | Uint8Array, how: HowToSend): boolean {
    const { connection } = binding
    const before = connection.pendingBytes
    // What waits for a message in fragments to end, or for the extension, has no header yet.
    const isFramed = binding.extension === undefined && !connection.isFragmenting
    if (before === 0 && binding.stream.writableLength === 0) this.#unsent.allSent()
    if (!connection.send(payload, how.isText, how.compress)) {
      this.#unsent.drop(lengthOf(payload))
      return false
    }
    const onWire = isFramed ? connection.pendingBytes - before : 0
    this.#unsent.add(onWire > 0 ? withoutHeader(onWire) : lengthOf(payload))
    return binding.sent()
  }

  #sendInOrder(binding: Binding, message: string | Uint8Array | Blob, how: HowToSend): boolean {
    const length = lengthOf(message)
    if (binding.output.limit(this.#inOrder().pending)) {
      this.#unsent.drop(length)
      return false
    }
    const send = (payload: string | Uint8Array): boolean => {
      const isOpen = binding.connection.state === ConnectionState.Open
      this.#sendNow(binding, payload, how)
      return isOpen
    }
    this.#inOrder().add({ message, length, send })
    if (binding.output.isReady && !this.#areBlobsOverMark()) return true
    this.#owesDrain = true
    return false
  }

  #sendFragmentInOrder(binding: Binding, message: string | Uint8Array, send: () => boolean): Promise<boolean> {
    const order = this.#inOrder()
    if (binding.output.limit(order.pending)) return Promise.resolve(false)
    order.add({ message, length: lengthOf(message), send })
    return order.passed()
  }

  #inOrder(): BlobOrder {
    return (this.#blobs ??= new BlobOrder({
      next: () => {
        if (this.#close !== undefined) this.#awaitBlobs()
      },
      empty: () => {
        if (this.#close !== undefined) return this.#sendClose()
        if (this.#owesDrain && this.#isOpen() && this.#binding!.output.isReady) this.drained()
      },
      error: (error) => reportError(error),
    }))
  }

  #areBlobsOverMark(): boolean {
    return this.#blobs !== undefined && this.#blobs.pending > this.#options.highWaterMark
  }

  /** Close behind the Blobs, but for one that cannot be read in time: then without what still waits. */
  #awaitBlobs(): void {
    this.#blobDeadline ??= new Alarm(() => {
      this.#blobs!.stop()
      this.#sendClose()
    })
    wheel.set(this.#blobDeadline, this.#options.closeTimeout)
  }

  #sendClose(): void {
    this.#clearDeadline()
    const { code, reason } = this.#close!
    this.#binding!.connection.close(code, reason)
  }

  #clearDeadline(): void {
    if (this.#blobDeadline !== undefined) wheel.clear(this.#blobDeadline)
  }
}
