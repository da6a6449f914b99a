/** The taps of this node by their secret: what `hello.wire` tells, `tap` brings back. */
import { randomBytes } from 'node:crypto'
import type { Fault } from '../../protocol/index.ts'
import type { WireTap } from './tap.ts'

/** A chat connection that can be looked at. */
export interface Tapped {
  readonly conn: string
  readonly opened: number
  readonly tap: WireTap
  readonly handshake: { readonly request: string; readonly response: string; readonly secure: boolean }
  readonly protocol: string
  readonly extensions: string
  readonly remoteAddress: string
  /** Set when the connection has ended. */
  ended: { code: number; reason: string; clean: boolean; cause: string } | undefined
  rtt: number | undefined
  readonly watchers: Set<() => void>
  bufferedAmount(): number
  ping(): void
  fault(kind: Fault, options: { count?: number | undefined; ms?: number | undefined }): boolean
}

/** How long the end of a connection can still be looked at. */
const AFTERLIFE_MS = 60_000
/** Connections that are recorded at once: the inspector is for a few who look, not for everybody. */
const MOST_TAPS = 500

export class TapRegistry {
  /** Where this node serves them. */
  readonly path: string
  readonly #taps = new Map<string, Tapped>()

  constructor(path: string) {
    this.path = path
  }

  get hasRoom(): boolean {
    return this.#taps.size < MOST_TAPS
  }

  add(secret: string, tapped: Tapped): void {
    this.#taps.set(secret, tapped)
  }

  find(secret: string): Tapped | undefined {
    return this.#taps.get(secret)
  }

  /** The connection has ended: tell those who look, and forget it after a while. */
  end(secret: string, outcome: NonNullable<Tapped['ended']>): void {
    const tapped = this.#taps.get(secret)
    if (tapped === undefined) return
    tapped.tap.end()
    tapped.ended = outcome
    for (const tell of tapped.watchers) tell()
    setTimeout(() => this.#taps.delete(secret), AFTERLIFE_MS).unref()
  }
}

export function newWireSecret(): string {
  return randomBytes(18).toString('base64url')
}
