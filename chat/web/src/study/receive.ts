/**
 * An endpoint of floor 1 in the page: bytes go in, and everything it does is written down. RFC 6455 sections 5 to 8.
 */
import { Connection, RSV1_BIT, type CloseOutcome, type ExtensionInstance } from '../wire/codec.ts'
import { inflateMessage } from './inflate.ts'

/** What the endpoint did. */
export type Happening =
  | {
      readonly kind: 'message'
      readonly isText: boolean
      readonly bytes: Uint8Array
      readonly text: string | undefined
    }
  | { readonly kind: 'ping' | 'pong' | 'write'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' | 'destroy' }
  | { readonly kind: 'closed'; readonly outcome: CloseOutcome }

export interface EndpointOptions {
  readonly role: 'server' | 'client'
  /** permessage-deflate was agreed. */
  readonly deflate: boolean
}

/** Messages of the playground may grow to this; it keeps a broken length from meaning anything. */
const MAX_PAYLOAD = 1024 * 1024

export interface Endpoint {
  readonly connection: Connection
  /** What has happened since it was last asked. */
  take(): Happening[]
}

export function createEndpoint({ role, deflate }: EndpointOptions): Endpoint {
  let happened: Happening[] = []
  const note = (happening: Happening): void => void happened.push(happening)
  const connection = new Connection({
    role,
    maxPayload: MAX_PAYLOAD,
    randomMask: () => 0x37fa213d,
    ...(deflate && { extension: inflater() }),
    handler: {
      message: (message, isText) => {
        const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : message
        note({ kind: 'message', isText, bytes, text: typeof message === 'string' ? message : undefined })
      },
      ping: (payload) => note({ kind: 'ping', bytes: payload.slice() }),
      pong: (payload) => note({ kind: 'pong', bytes: payload.slice() }),
      write: (bytes) => note({ kind: 'write', bytes: bytes.slice() }),
      end: () => note({ kind: 'end' }),
      destroy: () => note({ kind: 'destroy' }),
      closed: (outcome) => note({ kind: 'closed', outcome }),
    },
  })
  return {
    connection,
    take: () => {
      const taken = happened
      happened = []
      return taken
    },
  }
}

/** permessage-deflate, as far as receiving needs it; each message stands for itself. */
function inflater(): ExtensionInstance {
  return {
    rsv: RSV1_BIT,
    threshold: Infinity,
    encode: (bytes, _final, done) => done(bytes, 0),
    decode: (bytes, _final, limit, done) => {
      let inflated: Uint8Array
      try {
        inflated = inflateMessage(bytes, limit)
      } catch (error) {
        return done({ closeCode: 1007, reason: `compressed message with ${(error as Error).message}` })
      }
      done(inflated)
    },
    encodeShared: () => undefined,
    dispose: () => {},
  }
}

/** Let an endpoint receive bytes, and tell everything it did and where it stands. */
export function receiveAll(
  bytes: Uint8Array,
  options: EndpointOptions & {
    /** End TCP afterwards, so that the outcome is told. */
    readonly letGo?: boolean
  },
): { happened: Happening[]; state: string } {
  const endpoint = createEndpoint(options)
  endpoint.connection.receive(bytes.slice())
  if (options.letGo === true) endpoint.connection.transportClosed()
  return { happened: endpoint.take(), state: endpoint.connection.state }
}
