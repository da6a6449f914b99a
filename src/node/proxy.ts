/**
 * Which proxy leads to a host. None unless the application says so; `'env'` reads the variables that other programs read.
 */
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { readHeaderInput, type HeaderInput } from '../handshake/header-fields.ts'
import type { Endpoint } from './client-url.ts'
import { isListed, isLoopback } from './no-proxy.ts'

export interface ProxyOptions {
  /** http: or https:, perhaps with `user:password@`. */
  readonly url: string | URL
  /** Further header fields for the proxy. */
  readonly headers?: HeaderInput
  /** Options of the TLS connection to an https: proxy. */
  readonly tls?: TlsOptions
}

/**
 * - `false` (the default): connect directly, whatever the environment says;
 * - `'env'`: as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say; this machine itself is always reached directly;
 * - a URL, or options: this one, for every host.
 */
export type ProxyOption = false | 'env' | string | URL | ProxyOptions

/** A proxy, checked. */
export interface Proxy {
  readonly url: URL
  readonly headers: HeaderInput | undefined
  readonly tls: TlsOptions | undefined
}

export type ProxyChoice = 'env' | Proxy | undefined
type Environment = Readonly<Record<string, string | undefined>>

/** @throws TypeError for what cannot be a proxy. */
export function checkProxy(option: ProxyOption = false): ProxyChoice {
  if (option === false) return undefined
  if (option === 'env') return option
  const given = typeof option === 'string' || option instanceof URL ? { url: option } : option
  if (typeof given !== 'object' || given === null) {
    throw new TypeError("proxy must be false, 'env', a URL or options with a url")
  }
  const { url, headers, tls } = given as ProxyOptions
  // Throws for what could not be sent.
  readHeaderInput(headers, isOwnField)
  return { url: parseProxy(url), headers, tls }
}

/** The fields a request for a tunnel has of its own. */
export function isOwnField(lowerName: string): boolean {
  return ['host', 'content-length', 'transfer-encoding', 'connection'].includes(lowerName)
}

/**
 * The proxy for an endpoint, if any.
 * @throws TypeError when the environment names something that cannot be one.
 */
export function proxyFor(
  endpoint: Endpoint,
  choice: ProxyChoice,
  environment: Environment = process.env,
): Proxy | undefined {
  if (choice === undefined || endpoint.socketPath !== undefined) return undefined
  if (choice !== 'env') return choice
  if (isLoopback(endpoint.hostname)) return undefined
  const read = (name: string): string => environment[name.toLowerCase()] || environment[name] || ''
  if (isListed(read('NO_PROXY'), endpoint)) return undefined
  const text = (endpoint.isSecure ? read('HTTPS_PROXY') : readHttpProxy(environment)) || read('ALL_PROXY')
  if (text === '') return undefined
  return { url: parseProxy(text.includes('://') ? text : `http://${text}`), headers: undefined, tls: undefined }
}

/** In a CGI program HTTP_PROXY is the client's header field `Proxy`, so only the lower-case name is to be trusted there. */
function readHttpProxy(environment: Environment): string {
  const lower = environment['http_proxy'] ?? ''
  return lower !== '' || environment['REQUEST_METHOD'] !== undefined ? lower : (environment['HTTP_PROXY'] ?? '')
}

function parseProxy(text: string | URL): URL {
  // The URL may hold a password: it is not repeated.
  if (!URL.canParse(String(text))) throw new TypeError('proxy must be a URL such as http://proxy.example:3128')
  const url = new URL(text)
  if (url.protocol === 'http:' || url.protocol === 'https:') return url
  throw new TypeError(`proxy with the scheme ${url.protocol}, http: or https: is required`)
}
