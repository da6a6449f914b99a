/**
 * The client, with the browser's interface and what Node's applications need beside it.
 * WHATWG WebSockets 3.1; RFC 6455 4.1 and 7.
 */
import { Blob } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { ConnectionState } from '../protocol/connection-state.ts'
import { BlobOrder } from './blob-order.ts'
import { isBinaryType, type BinaryType } from './binary-type.ts'
import { checkClientOptions, type WebSocketOptions } from './client-options.ts'
import { ClientConnection, type ClientEvents } from './client-connection.ts'
import { parseWebSocketUrl, requireProtocols } from './client-url.ts'
