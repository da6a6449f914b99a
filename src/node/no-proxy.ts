/**
 * The list of hosts that are reached without a proxy, as other programs read the variable NO_PROXY: names with or without a
 * leading dot stand for themselves and everything below, addresses and networks for themselves, `*` for all.
 */
import { BlockList, isIP } from 'node:net'

/** Tell whether a host and port stand in a list like `localhost,.example.org,10.0.0.0/8,intern:8080`. */
export function isListed(list: string, { hostname, port }: { hostname: string; port: number }): boolean {
  const host = hostname.toLowerCase()
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(entry, host, port))
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isInNetwork(entry, host)
  const { name, port: only } = splitPort(entry)
  if (only !== undefined && only !== port) return false
  // An address has no domains below it.
  if (isIP(name) !== 0 || isIP(host) !== 0) return name === host
  const domain = name.replace(/^\*?\./, '')
  return host === domain || host.endsWith(`.${domain}`)
}

function splitPort(entry: string): { name: string; port: number | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  // An IPv6 address without brackets is full of colons, and has no port.
  return { name: bracketed ?? plain ?? entry, port: port === undefined ? undefined : Number(port) }
}

function isInNetwork(entry: string, host: string): boolean {
  const [network = '', prefix = ''] = entry.split('/')
  const family = isIP(network)
  if (family === 0 || isIP(host) !== family) return false
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) return false
  const networks = new BlockList()
  networks.addSubnet(network, Number(prefix), kind)
  return networks.check(host, kind)
}

/** Tell whether a host is this machine itself. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
