/**
 * How many handshakes there may be, at once and a second, and how many connections: in all, and from one address. What is
 * over is refused before any work is done for it. RFC 9110 15.6.4 (503), 10.2.3 (Retry-After).
 */
import { isIPv6 } from 'node:net'
import { Rejection, serverBusy } from '../handshake/rejection.ts'
import { groupsOf, plainAddress } from './ip-address.ts'
import { checkCount, defaults } from './limits.ts'
import { TokenBucket } from './rate-limit.ts'

export interface HandshakeLimitOptions {
  /** Open connections. Default 0: as many as the system allows. */
  readonly maxConnections?: number
  /** Open connections from one address; of IPv6, from one /64. Default 0: no limit. */
  readonly maxConnectionsPerAddress?: number
  /** Handshakes for which `upgrade` has not decided yet. Default 1,024. */
  readonly maxHandshakes?: number
  /** Handshakes a second; a burst of as many is allowed. Default 0: no limit. */
  readonly handshakesPerSecond?: number
  /** Handshakes a second from one address; of IPv6, from one /64. Default 0: no limit. */
  readonly handshakesPerSecondPerAddress?: number
}

/** Of so many addresses the recent handshakes are remembered; beyond, those that came first are forgotten. */
const MOST_ADDRESSES = 16_384
const MS_PER_SECOND = 1000

/** Counts who is there, and says who may come in. */
export class HandshakeLimits {
  readonly #options: Required<HandshakeLimitOptions>
  readonly #rate: TokenBucket | undefined
  readonly #rates = new Map<string, TokenBucket>()
  readonly #perAddress = new Map<string, number>()
  #underWay = 0
  #connections = 0

  /** @throws TypeError or RangeError that names the option. */
  constructor(options: HandshakeLimitOptions) {
    this.#options = {
      maxConnections: checkCount('maxConnections', options.maxConnections ?? 0),
      maxConnectionsPerAddress: checkCount('maxConnectionsPerAddress', options.maxConnectionsPerAddress ?? 0),
      maxHandshakes: checkCount('maxHandshakes', options.maxHandshakes ?? defaults.maxHandshakes, 1),
      handshakesPerSecond: checkCount('handshakesPerSecond', options.handshakesPerSecond ?? 0),
      handshakesPerSecondPerAddress: checkCount(
        'handshakesPerSecondPerAddress',
        options.handshakesPerSecondPerAddress ?? 0,
      ),
    }
    const { handshakesPerSecond } = this.#options
    this.#rate = handshakesPerSecond > 0 ? new TokenBucket(handshakesPerSecond, performance.now()) : undefined
  }

  /** Handshakes that are not decided yet. */
  get underWay(): number {
    return this.#underWay
  }

  /** Somebody wants to come in: a refusal, or `undefined` and the handshake counts as under way until `decided`. */
  begin(address: string | undefined, now: number = performance.now()): Rejection | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxHandshakes, handshakesPerSecondPerAddress } = this.#options
    if (this.#underWay >= maxHandshakes) return serverBusy()
    // Those under way may all be let in.
    if (maxConnections > 0 && this.#connections + this.#underWay >= maxConnections) return serverBusy()
    if (address !== undefined && maxConnectionsPerAddress > 0) {
      if ((this.#perAddress.get(addressKey(address)) ?? 0) >= maxConnectionsPerAddress) return serverBusy()
    }
    // An address that has used up its own allowance takes nothing of everybody's.
    const waitMs =
      (address !== undefined && handshakesPerSecondPerAddress > 0 ? this.#bucketOf(address, now).tryTake(1, now) : 0) ||
      (this.#rate?.tryTake(1, now) ?? 0)
    if (waitMs > 0) return serverBusy(Math.ceil(waitMs / MS_PER_SECOND))
    this.#underWay++
    this.#count(address, 1)
    return undefined
  }

  /** A handshake has been decided on, or its client has gone. */
  decided(address: string | undefined): void {
    this.#underWay--
    this.#count(address, -1)
  }

  opened(address: string | undefined): void {
    this.#connections++
    this.#count(address, 1)
  }

  closed(address: string | undefined): void {
    this.#connections--
    this.#count(address, -1)
  }

  #count(address: string | undefined, change: 1 | -1): void {
    if (address === undefined || this.#options.maxConnectionsPerAddress === 0) return
    const key = addressKey(address)
    const count = (this.#perAddress.get(key) ?? 0) + change
    if (count > 0) this.#perAddress.set(key, count)
    else this.#perAddress.delete(key)
  }

  #bucketOf(address: string, now: number): TokenBucket {
    const key = addressKey(address)
    let bucket = this.#rates.get(key)
    if (bucket === undefined) {
      if (this.#rates.size >= MOST_ADDRESSES) this.#rates.delete(this.#rates.keys().next().value!)
      bucket = new TokenBucket(this.#options.handshakesPerSecondPerAddress, now)
      this.#rates.set(key, bucket)
    }
    return bucket
  }
}

const GROUPS_OF_NETWORK = 4

/** What counts as one address: one of IPv4, and of IPv6 the /64 that one customer is given. RFC 6177. */
export function addressKey(address: string): string {
  const plain = plainAddress(address)
  if (!isIPv6(plain)) return plain
  return `${groupsOf(plain).slice(0, GROUPS_OF_NETWORK).join(':')}::/64`
}
