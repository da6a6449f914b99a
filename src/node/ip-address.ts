/**
 * Addresses of IPv4 that a socket for both families, a load balancer or a proxy shows as addresses of IPv6: they are the same
 * client, and are to be known by one name. RFC 4291 2.2, 2.5.5.2.
 */
import { isIPv6 } from 'node:net'

const GROUPS = 8
/** RFC 4291 2.5.5.2: five groups of zeros and one of ones, then the address of IPv4. */
const MAPPED = '0:0:0:0:0:ffff'

/** The address as IPv4 writes it, where it is one; otherwise as it was given. */
export function plainAddress(address: string): string {
  // No network has a scope and a mapped address, so what stands behind a % is left alone.
  if (!isIPv6(address) || address.includes('%')) return address
  const groups = groupsOf(address)
  if (groups.slice(0, 6).join(':') !== MAPPED) return address
  return groups.slice(6).flatMap(bytesOf).join('.')
}

/** All groups of an address of IPv6, in their shortest hexadecimal form. RFC 4291 2.2. */
export function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::').map(parse)
  const groups = [...head]
  if (tail !== undefined) groups.push(...Array.from({ length: GROUPS - head.length - tail.length }, () => '0'), ...tail)
  return groups
}

/** What stands on one side of the `::`. RFC 4291 2.2, item 3: the last two groups may be written as four decimals. */
function parse(side: string): string[] {
  if (side === '') return []
  return side
    .split(':')
    .flatMap((group) => (group.includes('.') ? hexOf(group) : Number.parseInt(group, 16).toString(16)))
}

function hexOf(dotted: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)]
}

function bytesOf(group: string): number[] {
  const value = Number.parseInt(group, 16)
  return [value >> 8, value & 0xff]
}
