/**
 * permessage-deflate behind the seam for extensions: a server's side, a client's side, and the instance of one
 * connection. RFC 7692 sections 5 to 7.
 */
import type {
  AgreedExtension,
  ClientExtension,
  DecodeDone,
  ExtensionInstance,
  ExtensionObserver,
  ServerExtension,
} from '../protocol/extension.ts'
import {
  agreeToOffer,
  confirmResponse,
  deflateOffer,
  PERMESSAGE_DEFLATE,
  type DeflateAgreement,
} from './deflate-parameters.ts'
import { checkDeflateOptions, type DeflateSettings, type PerMessageDeflateOptions } from './deflate-options.ts'
import { MessageDeflater, RSV1 } from './message-deflater.ts'
import { MessageInflater } from './message-inflater.ts'

export type { PerMessageDeflateOptions, ZlibDeflateOptions, ZlibInflateOptions } from './deflate-options.ts'

/**
 * The server's side of permessage-deflate. An offer that cannot be kept (a window of 8 for us, say) is declined, not
 * failed, so the caller tries the next one. RFC 7692 5.1 and 7.1.
 * @example
 * const extension = permessageDeflateServer({ serverNoContextTakeover: true, threshold: 512 })
 * extension.accept({ name: 'permessage-deflate', parameters: [['client_max_window_bits', true]] })
 * @throws {TypeError} for an option of the wrong type. @throws {RangeError} for an option out of its range.
 */
export function permessageDeflateServer(options: PerMessageDeflateOptions = {}): ServerExtension {
  const settings = checkDeflateOptions(options, 'server')
  return {
    name: PERMESSAGE_DEFLATE,
    accept(offer) {
      const agreement = agreeToOffer(offer, settings)
      return agreement === undefined ? undefined : agreed(agreement, settings, 'server')
    },
  }
}

/**
 * The client's side of permessage-deflate: what to offer, and whether the answer can be accepted. RFC 7692 5.1 and 7.1.
 * @example
 * const extension = permessageDeflateClient({ clientMaxWindowBits: 12 })
 * request.extensions.push(...extension.offers)
 * @throws {TypeError} for an option of the wrong type. @throws {RangeError} for an option out of its range.
 */
export function permessageDeflateClient(options: PerMessageDeflateOptions = {}): ClientExtension {
  const settings = checkDeflateOptions(options, 'client')
  return {
    name: PERMESSAGE_DEFLATE,
    offers: [deflateOffer(settings)],
    confirm(response) {
      const agreement = confirmResponse(response, settings)
      return typeof agreement === 'string' ? agreement : agreed(agreement, settings, 'client')
    },
  }
}

type Side = 'server' | 'client'

function agreed(agreement: DeflateAgreement, settings: DeflateSettings, side: Side): AgreedExtension {
  return {
    response: agreement.response,
    rsv: RSV1,
    create: () => new PerMessageDeflate(agreement, settings, side),
  }
}

/** permessage-deflate on one connection. Holds nothing before the first message, and then what later ones may refer to. */
class PerMessageDeflate implements ExtensionInstance {
  readonly rsv = RSV1
  observer: ExtensionObserver | undefined
  readonly #deflater: MessageDeflater
  readonly #inflater: MessageInflater

  constructor(agreement: DeflateAgreement, settings: DeflateSettings, side: Side) {
    const server = [agreement.serverMaxWindowBits, !agreement.serverNoContextTakeover] as const
    const client = [agreement.clientMaxWindowBits, !agreement.clientNoContextTakeover] as const
    this.#deflater = new MessageDeflater(settings, ...(side === 'server' ? server : client))
    this.#inflater = new MessageInflater(settings, ...(side === 'server' ? client : server))
  }

  get threshold(): number {
    return this.#deflater.threshold
  }

  encode(bytes: Uint8Array, final: boolean, done: (payload: Uint8Array, rsv: number) => void): void {
    const { observer } = this
    if (observer === undefined) return this.#deflater.encode(bytes, final, done)
    this.#deflater.encode(bytes, final, (payload, rsv) => {
      observer.encoded(bytes, payload, rsv)
      done(payload, rsv)
    })
  }

  decode(bytes: Uint8Array, final: boolean, limit: number, done: DecodeDone): void {
    const { observer } = this
    if (observer === undefined) return this.#inflater.decode(bytes, final, limit, done)
    this.#inflater.decode(bytes, final, limit, (result, hasMore) => {
      observer.decoded(bytes, result)
      done(result, hasMore)
    })
  }

  encodeShared(bytes: Uint8Array, cache: Map<string, Uint8Array>): Uint8Array | undefined {
    const payload = this.#deflater.encodeShared(bytes, cache)
    const { observer } = this
    // Its frame is not written yet, and whoever looks on may send something that refers to this message.
    if (observer !== undefined && payload !== undefined) queueMicrotask(() => observer.encoded(bytes, payload, RSV1))
    return payload
  }

  dispose(): void {
    this.#deflater.dispose()
    this.#inflater.dispose()
  }
}
