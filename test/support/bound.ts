/** A server's binding on one end of a stream in memory, for one test; the test holds the other end. */
import { onTestFinished } from 'vitest'
import type { BindingListener, BindingOptions } from '../../src/node/binding-options.ts'
import { DuplexBinding } from '../../src/node/duplex-binding.ts'
import type { CloseOutcome } from '../../src/protocol/close-outcome.ts'
import type { ExtensionInstance } from '../../src/protocol/extension.ts'
import { JoinedStream } from './duplex-pair.ts'
import { serverFrames, type RawFrame } from './raw-client.ts'
import { turns } from './turns.ts'

interface Given {
  readonly options?: Partial<BindingOptions>
  readonly listener?: Partial<BindingListener<null>>
  readonly extension?: ExtensionInstance
  readonly head?: Uint8Array
}

export class Bound {
  readonly near: JoinedStream
  readonly far: JoinedStream
  readonly binding: DuplexBinding<null>
  readonly calls: string[] = []
  readonly outcomes: CloseOutcome[] = []
  readonly #received: Buffer[] = []

  constructor({ options = {}, listener = {}, extension, head }: Given = {}) {
    const [near, far] = JoinedStream.pair({ highWaterMark: 16_384 })
    this.near = near
    this.far = far
    far.on('data', (chunk: Buffer) => this.#received.push(chunk))
    const note = (call: string): void => void this.calls.push(call)
    this.binding = new DuplexBinding(
      near,
      {
        owner: null,
        extension,
        options: {
          role: 'server',
          maxPayload: 1 << 24,
          maxFragments: 1 << 20,
          text: 'string',
          autoPong: true,
          highWaterMark: 65_536,
          closeTimeout: 1000,
          ...options,
        },
      },
      {
        message: (_owner, message) => note(`message ${message.length}`),
        ping: () => note('ping'),
        pong: () => note('pong'),
        drain: () => note('drain'),
        blocked: () => note('blocked'),
        unblocked: () => note('unblocked'),
        error: (_owner, error) => note(`error ${String(error)}`),
        ...listener,
        close: (owner, outcome) => {
          this.outcomes.push(outcome)
          listener.close?.(owner, outcome)
        },
      },
    )
    this.binding.start(head)
    onTestFinished(() => void near.destroy())
  }

  get frames(): RawFrame[] {
    return serverFrames(Buffer.concat(this.#received))
  }

  /** Put bytes on the wire, and let the streams carry them. */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) this.far.write(part)
    await turns()
  }
}
