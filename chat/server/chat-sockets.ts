/** The chat sockets of this node: lets them in, hands their messages to the hub, records those that may be looked at. */
import type { Socket as TcpSocket } from 'node:net'
import {
  accept,
  reject,
  type Acceptance,
  type Rejection,
  type Socket,
  type UpgradeRequest,
  WebSocketServer,
} from 'barewire'
import { CHAT_PATH, CHAT_PROTOCOL, ChatClose, CLOSE_ERROR, errorBody, LIMITS, writeEvent } from '../protocol/index.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { Hub } from './hub.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { roundTripOf } from './round-trips.ts'
import { type ChatSocketData, SocketPeer } from './socket-peer.ts'
import { redactHead } from './wire/redaction.ts'
import { newWireSecret, type TapRegistry } from './wire/registry.ts'
import { WireTap } from './wire/tap.ts'

export interface ChatSocketsOptions {
  readonly hub: Hub
  readonly doorkeeper: Doorkeeper
  readonly metrics: Metrics
  readonly log: Logger
  readonly origin: 'same' | readonly string[]
  /** `undefined`: nothing is recorded. */
  readonly taps: TapRegistry | undefined
}

/** A little above the limit of the protocol, so that a message just over it is answered and not cut off. */
const MAX_PAYLOAD = LIMITS.frameBytes

/** `chat.v2` and so on. */
const ANY_VERSION = /^chat\.v\d+$/

/** Make the server of `chat.v1`. */
export function createChatSockets(options: ChatSocketsOptions): WebSocketServer<ChatSocketData> {
  const { hub, doorkeeper, metrics, log, taps } = options
  return new WebSocketServer<ChatSocketData>({
    path: CHAT_PATH,
    origin: options.origin,
    maxPayload: MAX_PAYLOAD,
    perMessageDeflate: true,
    upgrade: async (request) => {
      const started = performance.now()
      const answer = await admit(request, options)
      metrics.handshake.observe((performance.now() - started) / 1000)
      return answer
    },
    open(socket) {
      const { data } = socket
      doorkeeper.entered(data.address)
      if (data.refusal !== undefined) return turnAway(socket, data.refusal, metrics)
      const peer = new SocketPeer(socket, (text) => metrics.sent(text))
      const { tap } = data
      const wire = tap && taps && { path: taps.path, secret: newWireSecret() }
      if (tap !== undefined)
        socket.tap({ received: (bytes) => tap.bytesIn(bytes), sent: (bytes) => tap.bytesOut(bytes) })
      const connection = hub.accept(peer, {
        proven: data.proven,
        ...(wire === undefined ? {} : { wire }),
      })
      data.connection = connection
      if (wire === undefined || tap === undefined || data.handshake === undefined) return
      taps?.add(wire.secret, {
        conn: connection.id,
        opened: connection.opened,
        tap,
        handshake: data.handshake,
        protocol: socket.protocol,
        extensions: socket.extensions,
        remoteAddress: data.address,
        ended: undefined,
        rtt: undefined,
        watchers: new Set(),
        bufferedAmount: () => socket.bufferedAmount,
        ping: () => void socket.ping(String(performance.now())),
        fault: (kind, more) => peer.fault(kind, more),
      })
    },
    message(socket, message) {
      const { connection, tap } = socket.data
      tap?.messageIn(message)
      metrics.received(message)
      if (typeof message === 'string') connection?.receive(message)
      else connection?.receiveBinary()
    },
    ping: () => metrics.frames.inc({ dir: 'in', opcode: 'ping' }),
    pong(socket, payload) {
      metrics.frames.inc({ dir: 'in', opcode: 'pong' })
      const rtt = roundTripOf(payload)
      if (rtt === undefined) return
      metrics.rtt.observe(rtt / 1000)
      const tapped = taps?.find(socket.data.connection?.wire?.secret ?? '')
      if (tapped !== undefined) tapped.rtt = rtt
    },
    close(socket, { code, reason, clean, cause }) {
      const { connection, address } = socket.data
      doorkeeper.left(address)
      // RFC 6455 7.1.4: cleanly means that a Close frame has come.
      if (clean) metrics.frames.inc({ dir: 'in', opcode: 'close' })
      if (connection?.wire !== undefined) taps?.end(connection.wire.secret, { code, reason, clean, cause })
      connection?.ended({ code, clean })
      log.debug({ conn: connection?.id, code, clean, cause }, 'connection closed')
    },
    error(error, socket) {
      log.error({ err: error, conn: socket?.data.connection?.id }, 'handler failed')
      socket?.terminate()
    },
  })
}

const TURNED_AWAY = {
  overloaded: 'there are too many connections',
  version: `this server speaks ${CHAT_PROTOCOL}`,
} as const

/** Say why, and close: nobody else hears of this connection. */
function turnAway(socket: Socket<ChatSocketData>, why: keyof typeof TURNED_AWAY, metrics: Metrics): void {
  const detail = TURNED_AWAY[why]
  socket.send(writeEvent('error', errorBody(CLOSE_ERROR[why]!, { detail })))
  socket.close(ChatClose[why], detail)
  metrics.closes.inc({ code: String(ChatClose[why]), by: 'server' })
}

/** Decide on a handshake. What a user must understand is told after it; here only floods are refused. */
async function admit(
  request: UpgradeRequest,
  { hub, doorkeeper, taps }: Pick<ChatSocketsOptions, 'hub' | 'doorkeeper' | 'taps'>,
): Promise<Acceptance<ChatSocketData> | Rejection> {
  const speaks = request.protocols.includes(CHAT_PROTOCOL)
  // Another version is taken as it was offered: without that a page could not be told.
  const protocol = speaks ? CHAT_PROTOCOL : request.protocols.find((offer) => ANY_VERSION.test(offer))
  if (protocol === undefined) return reject(400, `The subprotocol ${CHAT_PROTOCOL} is required.`)
  // Before anything is counted: while a signature is checked, others come in.
  const proven = speaks ? await hub.desk.prove(request) : undefined
  const address = doorkeeper.addressOf(request.headers, request.remoteAddress)
  const refusal = doorkeeper.refuse(address)
  if (refusal?.isTold === false) return reject(refusal.status, refusal.reason, { 'Retry-After': '5' })
  const tcp = request.raw.socket
  const data: ChatSocketData = {
    address,
    refusal: speaks ? refusal && 'overloaded' : 'version',
    proven,
    tcp,
    connection: undefined,
    ...(taps?.hasRoom === true ? record(request.raw, tcp) : { tap: undefined, handshake: undefined }),
  }
  return accept({ data, protocol })
}

/** Begin to record, with the request as it came; the answer is the first thing that is written. */
function record(raw: UpgradeRequest['raw'], tcp: TcpSocket): Pick<ChatSocketData, 'tap' | 'handshake'> {
  const lines = [`${raw.method} ${raw.url} HTTP/${raw.httpVersion}`]
  for (let i = 0; i < raw.rawHeaders.length; i += 2) lines.push(`${raw.rawHeaders[i]}: ${raw.rawHeaders[i + 1]}`)
  const request = redactHead(`${lines.join('\r\n')}\r\n\r\n`)
  const handshake = { request, response: '', secure: 'encrypted' in tcp }
  const write = tcp.write.bind(tcp) as (...args: unknown[]) => boolean
  tcp.write = (...args: unknown[]): boolean => {
    tcp.write = write
    handshake.response = redactHead(String(args[0]))
    return write(...args)
  }
  return { tap: new WireTap(), handshake }
}
