/**
 * What `import 'barewire'` gives.
 */
export { WebSocketServer } from './node/server.ts'
export type {
  Acceptance,
  ConnectionLimits,
  MaybePromise,
  ServerHandlers,
  ServerOptions,
  UpgradeRequest,
} from './node/server-options.ts'
export type { Http2Options } from './node/http2-options.ts'
export type { AnyHttpServer } from './node/attachment.ts'
export type { HandshakeResponse } from './node/dial.ts'
export type { Http2Response } from './node/http2-dial.ts'
export type { Http2Request, RawRequest } from './node/raw-request.ts'
export { WebSocket } from './node/websocket.ts'
export type { WebSocketEventMap } from './node/websocket-events.ts'
export type { BinaryType } from './node/binary-type.ts'
export type { WebSocketOptions } from './node/client-options.ts'
export type { ProxyOption, ProxyOptions } from './node/proxy.ts'
export { WebSocketStream, type WebSocketClosedInfo, type WebSocketOpenInfo } from './node/websocket-stream.ts'
export { WebSocketError, type WebSocketCloseInfo } from './node/websocket-error.ts'
export { HandshakeError, type HandshakeErrorCode } from './node/handshake-error.ts'
export { CloseEvent, ErrorEvent, MessageEvent } from './node/events.ts'
export type { HandshakeLimitOptions } from './node/handshake-limits.ts'
export type { ListenTarget } from './node/http-server.ts'
export type { ServerStats } from './node/server-stats.ts'
export type { SocketLimits } from './node/socket-limits.ts'
export type { SocketStats } from './node/binding-options.ts'
export { ClusterBus, relayClusterBus, type ClusterBusOptions, type ClusterRelay } from './node/cluster-bus.ts'
export { LocalBus, type Bus, type BusMessage } from './pubsub/bus.ts'
export type { ShutdownOptions, ShutdownResult } from './node/shutdown.ts'
export { ReadyState } from './node/ready-state.ts'
export type { SendOptions } from './node/socket-parts.ts'
export type { Socket } from './node/socket.ts'
export { MessageParts, MessageWriter } from './node/message-parts.ts'
export type { SocketStream } from './node/stream.ts'
export type { FrameEvent, WireDirection, WireFrame, WirePayload, WireTap } from './node/wire-tap.ts'
export { prepare, type PreparedMessage } from './node/topic-hub.ts'
export type { PublishOptions, PublishResult } from './pubsub/topics.ts'
export type { SlowPolicy } from './pubsub/held-messages.ts'
export type { Sendable } from './node/payload.ts'
export { reject, type Rejection } from './handshake/rejection.ts'
export type { PerMessageDeflateOptions } from './extensions/permessage-deflate.ts'
export { CloseCode, describeCloseCode } from './protocol/close-code.ts'
export type { CloseCause, CloseOutcome } from './protocol/close-outcome.ts'
export type { ControlCounts } from './protocol/opcode.ts'
export { ProtocolError } from './protocol/violation.ts'
