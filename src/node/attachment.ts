/**
 * Several WebSocket servers on one HTTP server: each gets the upgrades of its path, and only what nobody serves is refused.
 */
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { pathNotServed } from '../handshake/rejection.ts'
import { tellHandshake } from './diagnostics.ts'
import { answerAndEnd } from './upgrade.ts'

/** Somebody who takes the upgrades of one path, or of all. */
export interface UpgradeTaker {
  readonly path: string | undefined
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array): void
}

interface Attachment {
  readonly takers: UpgradeTaker[]
  readonly listener: (request: IncomingMessage, stream: Duplex, head: Uint8Array) => void
}

const attachments = new WeakMap<HttpServer, Attachment>()

/**
 * Let a taker have the upgrades of an HTTP server.
 * @throws Error when the path is taken already.
 */
export function attach(server: HttpServer, taker: UpgradeTaker): void {
  const attachment = attachments.get(server) ?? begin(server)
  if (attachment.takers.some((other) => other.path === taker.path)) {
    throw new Error(`a WebSocket server for ${taker.path ?? 'every path'} is attached already`)
  }
  attachment.takers.push(taker)
}

/** Take it back. */
export function detach(server: HttpServer, taker: UpgradeTaker): void {
  const attachment = attachments.get(server)
  const index = attachment?.takers.indexOf(taker) ?? -1
  if (attachment === undefined || index === -1) return
  attachment.takers.splice(index, 1)
  if (attachment.takers.length > 0) return
  server.off('upgrade', attachment.listener)
  attachments.delete(server)
}

function begin(server: HttpServer): Attachment {
  const takers: UpgradeTaker[] = []
  const listener: Attachment['listener'] = (request, stream, head) => {
    const path = pathOf(request.url ?? '')
    const taker = takers.find((one) => one.path === path) ?? takers.find((one) => one.path === undefined)
    if (taker !== undefined) return taker.handleUpgrade(request, stream, head)
    // Somebody else listens too: it may be theirs.
    if (server.listenerCount('upgrade') > 1) return
    const refusal = pathNotServed()
    tellHandshake(request, refusal.status, refusal.reason)
    answerAndEnd(stream, refusal)
  }
  const attachment = { takers, listener }
  attachments.set(server, attachment)
  server.on('upgrade', listener)
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
