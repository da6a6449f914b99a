/** The servers of the tutorial profiles, one for each path. They have no subprotocol. */
import { accept, reject, WebSocketServer } from 'barewire'
import { LIMITS } from '../../protocol/index.ts'
import type { Doorkeeper } from '../doorkeeper.ts'
import { tokenOf } from '../handshake-token.ts'
import type { Hub } from '../hub.ts'
import type { LegacyProfile } from './profile.ts'
import { LEGACY_PROFILES } from './profiles.ts'
import { LegacySession } from './session.ts'

export interface LegacySocketsOptions {
  readonly hub: Hub
  readonly doorkeeper: Doorkeeper
  readonly origin: 'same' | readonly string[]
  /** Where a page is that names no room. */
  readonly defaultRoom: string
}

interface Data {
  readonly address: string
  readonly token: string | undefined
  session: LegacySession | undefined
}

/** Make all of them, by path. */
export function createLegacySockets(options: LegacySocketsOptions): Map<string, WebSocketServer<Data>> {
  return new Map(LEGACY_PROFILES.map((profile) => [profile.path, createServer(profile, options)]))
}

function createServer(profile: LegacyProfile, options: LegacySocketsOptions): WebSocketServer<Data> {
  const { hub, doorkeeper, origin, defaultRoom } = options
  return new WebSocketServer<Data>({
    path: profile.path,
    origin,
    maxPayload: LIMITS.frameBytes,
    perMessageDeflate: true,
    upgrade(request) {
      const address = doorkeeper.addressOf(request.headers, request.remoteAddress)
      const refusal = doorkeeper.refuse(address)
      if (refusal !== undefined) return reject(refusal.status, refusal.reason)
      const token = hub.desk.takesTokens ? tokenOf(request)?.token : undefined
      return accept({ data: { address, token, session: undefined } })
    },
    open(socket) {
      const { data } = socket
      doorkeeper.entered(data.address)
      const legacy = {
        address: data.address,
        get bufferedAmount() {
          return socket.bufferedAmount
        },
        send: (message: string | Uint8Array) => void socket.send(message),
        ping: () => void socket.ping(),
        close: (code: number, reason: string) => socket.close(code, reason),
        terminate: () => socket.terminate(),
      }
      data.session = new LegacySession(hub, legacy, { profile, defaultRoom, token: data.token })
    },
    message(socket, message) {
      // Some pages send text, some a Blob of text.
      socket.data.session?.receive(typeof message === 'string' ? message : new TextDecoder().decode(message))
    },
    pong: (socket) => socket.data.session?.heard(),
    close(socket, { code, clean }) {
      doorkeeper.left(socket.data.address)
      socket.data.session?.ended({ code, clean })
    },
  })
}
