/**
 * What can be watched from outside, by `node:diagnostics_channel`. Each channel costs nothing while nobody listens; frames
 * are decoded a second time for those who do.
 */
import { channel } from 'node:diagnostics_channel'
import { FrameReader } from '../protocol/frame-reader.ts'
import type { FrameHeader } from '../protocol/frame-header.ts'
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

/** Takes a copy of the bytes of one connection, as they are on the wire: masked and deflated. */
export interface WireTap {
  received(bytes: Uint8Array): void
  sent(bytes: Uint8Array): void
}

/** What `barewire:frame` publishes. */
export interface FrameEvent extends Readonly<FrameHeader> {
  readonly socket: unknown
  readonly direction: 'in' | 'out'
}

/** A tap that publishes each frame's header. */
export function makeFrameTap(socket: unknown): WireTap {
  const readers = { in: makeReader(socket, 'in'), out: makeReader(socket, 'out') }
  return {
    received: (bytes) => void readers.in.read(bytes, 0),
    // A reader unmasks in place; what is sent must stay as it is.
    sent: (bytes) => void readers.out.read(bytes.slice(), 0),
  }
}

function makeReader(socket: unknown, direction: 'in' | 'out'): FrameReader {
  return new FrameReader({
    frameHeader: (header) => {
      channels.frame.publish({ socket, direction, ...header } satisfies FrameEvent)
      return true
    },
    framePayload: () => true,
  })
}
