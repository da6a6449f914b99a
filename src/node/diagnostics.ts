/**
 * What can be watched from outside, by `node:diagnostics_channel`. Each channel costs nothing while nobody listens.
 */
import { channel } from 'node:diagnostics_channel'
import type { RawRequest } from './raw-request.ts'

/** The channels by their names; the docs tell what each publishes. */
export const channels = {
  /** `{ request, status, reason }`: a handshake was refused, or accepted with status 101, over HTTP/2 200. */
  handshake: channel('barewire:handshake'),
  /** `{ socket }`: a connection is open. */
  open: channel('barewire:open'),
  /** `{ socket, message, isText }`: a message has arrived. */
  message: channel('barewire:message'),
  /** A `FrameEvent`. Connections that were opened before the first listener came are not watched. */
  frame: channel('barewire:frame'),
  /** `{ socket, outcome }`: a connection has ended. */
  close: channel('barewire:close'),
  /** `{ socket, error }`: a handler threw, or a listening server failed. */
  error: channel('barewire:error'),
}

/** Tell of a handshake that was decided on. */
export function tellHandshake(request: RawRequest, status: number, reason: string): void {
  if (channels.handshake.hasSubscribers) channels.handshake.publish({ request, status, reason })
}
