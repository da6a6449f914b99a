/**
 * Several WebSocket servers on one HTTP server: each gets the upgrades of its path, and only what nobody serves is refused.
 */
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { pathNotServed } from '../handshake/rejection.ts'
import { tellHandshake } from './diagnostics.ts'
import { answerAndEnd } from './http1-upgrade.ts'
import { isHttp2Server, takeConnects, type AnyHttp2Server } from './http2-attachment.ts'
import type { StreamHead } from './raw-request.ts'

/** A server whose handshakes can be taken: of HTTP/1.1, of HTTP/2, or of both on one port. */
export type AnyHttpServer = HttpServer | AnyHttp2Server

/** Somebody who takes the upgrades of one path, or of all. */
export interface UpgradeTaker {
  readonly path: string | undefined
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array): void
  /** Without it, those over HTTP/2 are not served. */
  handleConnect?(head: StreamHead): void
}

interface Attachment {
  readonly takers: UpgradeTaker[]
  /** Take streams of HTTP/2 too, once somebody serves them. */
  readonly takeStreams: () => void
  /** Listen no more. */
  readonly leave: () => void
}

const attachments = new WeakMap<AnyHttpServer, Attachment>()

/**
 * Let a taker have the upgrades of an HTTP server.
 * @throws Error when the path is taken already.
 */
export function attach(server: AnyHttpServer, taker: UpgradeTaker): void {
  const attachment = attachments.get(server) ?? begin(server)
  if (attachment.takers.some((other) => other.path === taker.path)) {
    throw new Error(`a WebSocket server for ${taker.path ?? 'every path'} is attached already`)
  }
  attachment.takers.push(taker)
  if (taker.handleConnect !== undefined) attachment.takeStreams()
}

/** Take it back. */
export function detach(server: AnyHttpServer, taker: UpgradeTaker): void {
  const attachment = attachments.get(server)
  const index = attachment?.takers.indexOf(taker) ?? -1
  if (attachment === undefined || index === -1) return
  attachment.takers.splice(index, 1)
  if (attachment.takers.length > 0) return
  attachment.leave()
  attachments.delete(server)
}

function begin(server: AnyHttpServer): Attachment {
  const takers: UpgradeTaker[] = []
  const takerOf = (target: string, isStream: boolean): UpgradeTaker | undefined => {
    const path = pathOf(target)
    let ofEveryPath: UpgradeTaker | undefined
    for (const taker of takers) {
      if (isStream && taker.handleConnect === undefined) continue
      if (taker.path === path) return taker
      if (taker.path === undefined) ofEveryPath = taker
    }
    return ofEveryPath
  }
  const upgraded = (request: IncomingMessage, stream: Duplex, head: Uint8Array): void => {
    const taker = takerOf(request.url ?? '', false)
    if (taker !== undefined) return taker.handleUpgrade(request, stream, head)
    // Somebody else listens too: it may be theirs.
    if (server.listenerCount('upgrade') > 1) return
    const refusal = pathNotServed()
    tellHandshake(request, refusal.status, refusal.reason)
    answerAndEnd(stream, refusal)
  }
  const connected = (head: StreamHead): boolean => {
    const { ':path': target = '' } = head.headers
    const taker = takerOf(target as string, true)
    taker?.handleConnect?.(head)
    return taker !== undefined
  }
  server.on('upgrade', upgraded)
  let leaveStreams: (() => void) | undefined
  const takeStreams = (): void => {
    if (isHttp2Server(server)) leaveStreams ??= takeConnects(server, connected)
  }
  const leave = (): void => {
    server.off('upgrade', upgraded)
    leaveStreams?.()
  }
  const attachment = { takers, takeStreams, leave }
  attachments.set(server, attachment)
  return attachment
}

/** Scheme and authority of a target in absolute form. RFC 9112 3.2.2. */
const ABSOLUTE = /^https?:\/\/[^/]*/i

/** The path of a request target: what stands before the query. RFC 9112 3.2.1. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  const whole = query === -1 ? target : target.slice(0, query)
  // RFC 6455 4.1: the target may be an absolute URI as well.
  const authority = ABSOLUTE.exec(whole)?.[0]
  return authority === undefined ? whole : whole.slice(authority.length) || '/'
}
