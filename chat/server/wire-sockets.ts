/** The server of `wire.v1`: each socket is a session on one tap. */
import { accept, reject, WebSocketServer } from 'barewire'
import { WIRE_PROTOCOL } from '../protocol/index.ts'
import type { TapRegistry } from './wire/registry.ts'
import { WireSession } from './wire/session.ts'

/** What a page says here is short. */
const MAX_PAYLOAD = 4096

export function createWireSockets(
  taps: TapRegistry,
  origin: 'same' | readonly string[],
): WebSocketServer<{ session: WireSession | undefined }> {
  return new WebSocketServer<{ session: WireSession | undefined }>({
    path: taps.path,
    origin,
    maxPayload: MAX_PAYLOAD,
    upgrade: ({ protocols }) =>
      protocols.includes(WIRE_PROTOCOL)
        ? accept({ data: { session: undefined }, protocol: WIRE_PROTOCOL })
        : reject(400, `The subprotocol ${WIRE_PROTOCOL} is required.`),
    open(socket) {
      socket.data.session = new WireSession(socket, taps)
    },
    message(socket, message) {
      if (typeof message === 'string') socket.data.session?.receive(message)
      else socket.close(1003, 'the page speaks text here')
    },
    close(socket) {
      socket.data.session?.ended()
    },
  })
}
