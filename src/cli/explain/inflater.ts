/**
 * Undoes permessage-deflate for one direction of a recorded conversation, message by message. RFC 7692 7.2.2.
 */
import { constants, inflateRawSync } from 'node:zlib'
import { errorCode } from '../command.ts'

/** RFC 7692 7.2.2: the four bytes that the sender took off the end. */
const TAIL: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0xff)
/** RFC 1951 2: a reference reaches back 32 KiB at most. */
const WINDOW = 32_768
/** More than this is not unpacked: a capture can be hostile too. */
const MAX_INFLATED: number = 64 * 1024 * 1024

export class Inflater {
  readonly #keepsContext: boolean
  #window: Buffer = Buffer.alloc(0)

  /** `keepsContext` is false when the direction's `no_context_takeover` was agreed. RFC 7692 7.1.1. */
  constructor(keepsContext: boolean) {
    this.#keepsContext = keepsContext
  }

  /** Inflate one message; a string says why it cannot be done. */
  inflate(payload: Uint8Array): Uint8Array | string {
    const dictionary = this.#window
    try {
      const inflated = inflateRawSync(Buffer.concat([payload, TAIL]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: MAX_INFLATED,
        ...(dictionary.length === 0 ? {} : { dictionary }),
      })
      if (this.#keepsContext) this.#window = Buffer.concat([dictionary, inflated]).subarray(-WINDOW)
      return inflated
    } catch (error) {
      if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') return `it inflates to more than ${MAX_INFLATED} bytes`
      return `DEFLATE says: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}
