/**
 * What still holds for a message once the extension has decoded it: text is UTF-8, and parts together are no longer than a
 * message may be. RFC 6455 8.1, 10.4; RFC 7692 6.2.
 */
import { CloseCode } from './close-code.ts'
import type { ConnectionSettings } from './connection-options.ts'
import type { DecodeFailure } from './extension.ts'
import { Utf8Validator } from './utf8.ts'
import { Violations, type Violation } from './violation.ts'

/** A whole text message as the application wants it, or `undefined` where it is not UTF-8. */
export function decodedText(
  bytes: Uint8Array,
  { codec, textAsBytes }: Pick<ConnectionSettings, 'codec' | 'textAsBytes'>,
): string | Uint8Array | undefined {
  if (!textAsBytes) return codec.decode(bytes, 0, bytes.length)
  return codec.isUtf8(bytes, 0, bytes.length) ? bytes : undefined
}

/** The parts of one message after the other. */
export class DecodedParts {
  #length = 0
  #validator: Utf8Validator | undefined

  /** Bytes of the current message so far. */
  get length(): number {
    return this.#length
  }

  /** Take note of the next part; answers whether it may stand there: parts of a text have to be UTF-8 together. */
  add(part: Uint8Array, isText: boolean, isLast: boolean): boolean {
    this.#length = isLast ? 0 : this.#length + part.length
    return !isText || this.#isUtf8(part, isLast)
  }

  #isUtf8(part: Uint8Array, isLast: boolean): boolean {
    const validator = (this.#validator ??= new Utf8Validator())
    const isValid = validator.push(part, 0, part.length) && (!isLast || validator.complete)
    if (isLast) validator.reset()
    return isValid
  }
}

/** Which rule a message breaks that cannot be decoded; the extension says with which code that is answered. */
export function violationOf({ closeCode }: DecodeFailure): Violation {
  const violation = closeCode === CloseCode.MessageTooBig ? Violations.MessageTooBig : Violations.NotDecodable
  return { ...violation, closeCode }
}
