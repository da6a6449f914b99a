/** The built page, held in memory: right types, strong validators, compressed once, and headers that keep scripts out. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'
import { gzipSync } from 'node:zlib'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
const COMPRESSIBLE = /^(text\/|application\/|image\/svg)/
/** Smaller files gain nothing. */
const COMPRESS_FROM = 1024
/** Vite puts a digest of the content into the names under this folder. */
const HASHED = '/assets/'

/** Only what this server serves runs, loads and connects; nobody may put the page into a frame. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

interface StaticFile {
  readonly type: string
  readonly cache: string
  readonly etag: string
  readonly body: Buffer
  readonly gzip: Buffer | undefined
}

export type StaticFiles = ReadonlyMap<string, StaticFile>

/** Read a folder; an empty map when there is none. */
export function readStaticFiles(folder: string): StaticFiles {
  const files = new Map<string, StaticFile>()
  let names: string[]
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch {
    return files
  }
  for (const name of names) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    const path = `/${name.split(sep).join('/')}`
    const body = readFileSync(join(folder, name))
    const gzip = COMPRESSIBLE.test(type) && body.length >= COMPRESS_FROM ? gzipSync(body) : undefined
    const cache = path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache'
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    const file = { type, cache, etag, body, gzip }
    files.set(path, file)
    if (path.endsWith('/index.html')) files.set(path.slice(0, -'index.html'.length), file)
  }
  return files
}

/** Answer with a file; `false` when there is none at this path. */
export function serveStatic(
  files: StaticFiles,
  request: IncomingMessage,
  { path, response }: { path: string; response: ServerResponse },
): boolean {
  const file = files.get(path)
  if (file === undefined) {
    // A folder without its slash: relative links would point elsewhere.
    if (!files.has(`${path}/`)) return false
    response.writeHead(301, { ...SECURITY_HEADERS, Location: `${path.replace(/^\/+/, '/')}/` }).end()
    return true
  }
  const common = { ...SECURITY_HEADERS, 'Cache-Control': file.cache, ETag: file.etag, Vary: 'Accept-Encoding' }
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, common).end()
    return true
  }
  const gzip = acceptsGzip(request) ? file.gzip : undefined
  const body = gzip ?? file.body
  const encoding = gzip === undefined ? {} : { 'Content-Encoding': 'gzip' }
  response.writeHead(200, { ...common, ...encoding, 'Content-Type': file.type, 'Content-Length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
  return true
}

function acceptsGzip({ headers }: IncomingMessage): boolean {
  const accepted = headers['accept-encoding']
  return typeof accepted === 'string' && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(accepted)
}
