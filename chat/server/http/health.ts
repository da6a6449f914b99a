/** The paths that operators and load balancers ask. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Health {
  readonly version: string
  readonly node: string
  /** Whether new connections are welcome; a sentence when they are not. */
  ready(): Promise<true | string>
  /** The numbers, in Prometheus' text form. */
  metrics(): Promise<string>
  /** End all connections of a user on this node; answers how many there were. */
  kick(user: string): number
}

const KICK = /^\/users\/([^/]+)\/connections$/

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}

/** Answer `/healthz`, `/readyz` and `/version`; `false` for any other path. */
export function serveHealth(health: Health, path: string, response: ServerResponse): boolean {
  if (path === '/healthz') answer(response, 200, { status: 'ok' })
  else if (path === '/version')
    answer(response, 200, { version: health.version, node: health.node, runtime: process.version })
  else if (path === '/readyz') {
    void health
      .ready()
      .then((ready) =>
        ready === true ? answer(response, 200, { status: 'ready' }) : answer(response, 503, { status: ready }),
      )
  } else return false
  return true
}

/** Answer everything on the internal port: the paths above, `/metrics`, and `DELETE /users/ID/connections`. */
export function serveInternal(health: Health, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?', 1)[0]!
  if (serveHealth(health, path, response)) return
  const user = KICK.exec(path)?.[1]
  if (user !== undefined) return kick(health, request, { user, response })
  if (path !== '/metrics') return answer(response, 404, { error: 'not found' })
  void health.metrics().then((text) => {
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'Cache-Control': 'no-store' })
    response.end(text)
  })
}

function kick(
  health: Health,
  { method, headers, socket }: IncomingMessage,
  { user, response }: { user: string; response: ServerResponse },
): void {
  // Only browsers send an Origin: no page may end connections, wherever it was loaded from.
  if (headers.origin !== undefined) return answer(response, 403, { error: 'not for pages' })
  // The port may be open to whoever scrapes the numbers; to end connections one has to be on this machine.
  if (!isLoopback(socket.remoteAddress)) return answer(response, 403, { error: 'only from this machine' })
  if (method !== 'DELETE') return answer(response, 405, { error: 'DELETE is required' })
  let id: string
  try {
    id = decodeURIComponent(user)
  } catch {
    return answer(response, 400, { error: 'the id is not percent-encoded UTF-8' })
  }
  answer(response, 200, { closed: health.kick(id) })
}

function isLoopback(address = ''): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}
