/** Everything the public port answers that is not a WebSocket: the page, the list of rooms, health. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RoomInfo } from '../../protocol/index.ts'
import { type Health, serveHealth } from './health.ts'
import { SECURITY_HEADERS, serveStatic, type StaticFiles } from './static-files.ts'

export interface Site {
  readonly files: StaticFiles
  readonly health: Health
  rooms(): Promise<readonly RoomInfo[]>
}

function plain(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...SECURITY_HEADERS, ...headers, 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}

/** Make the listener for plain requests. */
export function createSite(site: Site): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return plain(response, 405, 'Only GET and HEAD are served here.', { Allow: 'GET, HEAD' })
    }
    const path = (request.url ?? '').split('?', 1)[0]!
    if (serveHealth(site.health, path, response)) return
    if (path === '/rooms.json') return serveRooms(site, response)
    if (serveStatic(site.files, request, { path, response })) return
    if (site.files.size === 0 && path === '/') return plain(response, 503, 'The page is not built: run npm start.')
    plain(response, 404, 'There is nothing here.')
  }
}

/** The rooms and their counts, for a first screen that has no socket yet. */
function serveRooms(site: Site, response: ServerResponse): void {
  site.rooms().then(
    (rooms) => {
      response.writeHead(200, {
        ...SECURITY_HEADERS,
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
      })
      response.end(JSON.stringify({ rooms }))
    },
    () => plain(response, 503, 'The store cannot be reached.', { 'Retry-After': '2' }),
  )
}
