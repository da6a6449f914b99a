/**
 * Who is behind a proxy: only proxies at addresses that were named are believed when they tell. X-Forwarded-For as they all
 * write it; RFC 7239 5.2 for what its entries are.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { plainAddress } from './ip-address.ts'

export class TrustedProxies {
  readonly #list = new BlockList()

  /**
   * @param entries addresses, and networks such as `10.0.0.0/8`.
   * @throws TypeError for anything else.
   */
  constructor(entries: readonly string[]) {
    if (!Array.isArray(entries)) throw new TypeError('trustProxy must be a list of addresses and networks')
    for (const entry of entries) this.#add(entry)
  }

  /** Tell whether a proxy at this address is believed. */
  trusts(address: string | undefined): boolean {
    if (address === undefined) return false
    const plain = plainAddress(address)
    return isIP(plain) !== 0 && this.#list.check(plain, familyOf(plain))
  }

  /**
   * The client's address: what the last proxy that is not believed, or the client itself, was seen to come from. Each proxy
   * adds to the end of the list, so it is read from there.
   */
  clientOf(peer: string | undefined, forwardedFor: string | undefined): string | undefined {
    if (forwardedFor === undefined || !this.trusts(peer)) return peer
    let client = peer
    for (const entry of forwardedFor.split(',').toReversed()) {
      const address = plainAddress(withoutPort(entry.trim()))
      if (isIP(address) === 0) return client
      client = address
      if (!this.trusts(address)) return client
    }
    return client
  }

  #add(entry: unknown): void {
    const [address = '', prefix, ...rest] = String(entry).split('/')
    if (typeof entry !== 'string' || isIP(address) === 0 || rest.length > 0) throw notANetwork(entry)
    if (prefix === undefined) return this.#list.addAddress(address, familyOf(address))
    if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (isIPv6(address) ? 128 : 32)) throw notANetwork(entry)
    this.#list.addSubnet(address, Number(prefix), familyOf(address))
  }
}

function notANetwork(entry: unknown): TypeError {
  return new TypeError(`trustProxy: an address or a network such as 10.0.0.0/8 is required, got '${String(entry)}'`)
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}

/** Some write `192.0.2.1:80` and `[2001:db8::1]:80`. */
function withoutPort(entry: string): string {
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(entry) ?? []
  if (bracketed !== undefined) return bracketed
  const [, host] = /^([^:]*):\d+$/.exec(entry) ?? []
  return host ?? entry
}
