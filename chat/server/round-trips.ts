/**
 * Measures round trips by sample: a few connections a second are pinged, in turn, however many there are. RFC 6455 5.5.2.
 */

/** What can be pinged. */
export interface Pinged {
  ping(payload: string): unknown
}

const EVERY_MS = 1000
const AT_ONCE = 10
/** However few there are, their turn comes again after this time only: pings wake phones, and fill the wire inspector. */
const ROUND_MS = 15_000
/** Nobody waits for a pong for longer. */
const LONGEST_MS = 3_600_000

/** Begin; answers how to stop. `clients` may change meanwhile. */
export function sampleRoundTrips(clients: ReadonlySet<Pinged>): () => void {
  // Weak, and not an iterator of the set: in V8 one that rests holds everybody who has left since.
  let asked = new WeakSet<Pinged>()
  let roundEnds = performance.now() + ROUND_MS
  const choose = (count: number): Pinged[] => {
    const chosen: Pinged[] = []
    for (const client of clients) {
      if (chosen.length === count) break
      if (!asked.has(client)) chosen.push(client)
    }
    return chosen
  }
  const sample = (): void => {
    const chosen = choose(AT_ONCE)
    const now = performance.now()
    if (chosen.length < AT_ONCE && now >= roundEnds) {
      asked = new WeakSet(chosen)
      roundEnds = now + ROUND_MS
      chosen.push(...choose(AT_ONCE - chosen.length))
    }
    for (const client of chosen) {
      asked.add(client)
      client.ping(String(now))
    }
  }
  const timer = setInterval(sample, EVERY_MS)
  return () => clearInterval(timer)
}

/** The milliseconds since the ping that a pong answers, or `undefined`: anybody can send a pong with anything in it. */
export function roundTripOf(payload: Uint8Array): number | undefined {
  const ms = performance.now() - Number(Buffer.from(payload).toString() || Number.NaN)
  return ms >= 0 && ms < LONGEST_MS ? ms : undefined
}
