/** Which bytes go out and which must come back for the messages of one workload. */
import type { LoadClient, Target } from './client.ts'
import { ExactCounter, HeaderCounter, InflatingCounter, type Counter } from './counter.ts'
import { BINARY, TEXT, clientCycle, cycleOf, deflatedCycle, deflatedServerCycle, serverCycle } from './frames.ts'
import type { FrameCycle } from './frames.ts'
import { binaryPayload, jsonPayload, textPayload } from './payload.ts'
import type { LoadSpec } from './scenario.ts'

/** About so many bytes of different messages are made, and never fewer messages than can be under way. */
const CYCLE_BYTES = 1024 * 1024
const MOST_MESSAGES = 64
/** What barewire asks of its clients: without a protocol nothing is agreed upon, and the bytes should be the same. */
const FLOOR_WINDOW_BITS = 12

export interface Exchange {
  readonly outgoing: FrameCycle
  /** A counter for the stream of one more connection. */
  counter(): Counter
}

export function targetOf(spec: LoadSpec, path: string): Target {
  const target = { port: spec.port, dialect: spec.dialect, path }
  if (spec.deflate === false) return target
  const offer =
    spec.deflate === 'takeover'
      ? 'permessage-deflate; client_max_window_bits'
      : 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
  return { ...target, offer }
}

/** Make the messages. `client` is one that has shaken hands: what was negotiated decides how they are compressed. */
export async function exchangeFor(spec: LoadSpec, client: LoadClient): Promise<Exchange> {
  const payloads = payloadsOf(spec)
  const firstByte = spec.type === 'binary' ? BINARY : TEXT
  if (spec.deflate !== false) {
    return spec.dialect === 'raw'
      ? relayedExchange(payloads, firstByte, true)
      : deflatedExchange(payloads, firstByte, client.extensions)
  }
  const outgoing = clientCycle(firstByte, payloads)
  // Without a protocol the masked bytes themselves come back.
  const incoming = spec.dialect === 'raw' ? outgoing : serverCycle(firstByte, payloads)
  return { outgoing, counter: () => new ExactCounter(incoming) }
}

/** The same message over and over, for streams in which several senders mix. */
export async function monotoneExchange(spec: LoadSpec, client: LoadClient): Promise<Exchange> {
  const payload = payloadsOf(spec)[0]!
  const firstByte = spec.type === 'binary' ? BINARY : TEXT
  const burst = Math.max(spec.inFlight, 1)
  const payloads = Array<Buffer>(burst).fill(payload)
  if (spec.deflate !== false) {
    return spec.dialect === 'raw'
      ? relayedExchange(payloads, firstByte, false)
      : deflatedExchange(payloads, firstByte, client.extensions)
  }
  const incoming = cycleOf(Array<Buffer>(Math.ceil(65536 / (payload.length + 4))).fill(serverFrame(firstByte, payload)))
  return {
    // Without a protocol the very bytes that a server would send are passed on.
    outgoing: spec.dialect === 'raw' ? serverCycle(firstByte, payloads) : clientCycle(firstByte, payloads),
    counter: () => new ExactCounter(incoming),
  }
}

function serverFrame(firstByte: number, payload: Buffer): Buffer {
  const { bytes, offsets } = serverCycle(firstByte, [payload])
  return bytes.subarray(0, offsets[1])
}

async function deflatedExchange(payloads: Buffer[], firstByte: number, extensions: string): Promise<Exchange> {
  if (!extensions.startsWith('permessage-deflate'))
    throw new Error(`permessage-deflate was not agreed: '${extensions}'`)
  const windowBits = Number(/client_max_window_bits="?(\d+)/.exec(extensions)?.[1] ?? 15)
  const takeover = !extensions.includes('client_no_context_takeover')
  const outgoing = await deflatedCycle(firstByte, payloads, { takeover, windowBits: Math.max(windowBits, 9) })
  const serverTakeover = !extensions.includes('server_no_context_takeover')
  return { outgoing, counter: inflatingTheFirst(payloads, serverTakeover) }
}

/**
 * Compressed messages without a protocol: they go out as a server would send them, and so they come back. Whoever
 * publishes compresses each by itself, so that it does for everybody.
 */
async function relayedExchange(payloads: Buffer[], firstByte: number, takeover: boolean): Promise<Exchange> {
  const agreement = { takeover, windowBits: FLOOR_WINDOW_BITS }
  const outgoing = await deflatedServerCycle(firstByte, payloads, agreement)
  return { outgoing, counter: inflatingTheFirst(payloads, takeover) }
}

/** The stream of one connection is inflated and compared; of the others the headers are walked. */
function inflatingTheFirst(payloads: readonly Buffer[], takeover: boolean): () => Counter {
  let first = true
  return () => {
    if (!first) return new HeaderCounter()
    first = false
    return new InflatingCounter(payloads, takeover)
  }
}

function payloadsOf(spec: LoadSpec): Buffer[] {
  const count = Math.max(spec.inFlight, Math.min(MOST_MESSAGES, Math.ceil(CYCLE_BYTES / spec.size)))
  return Array.from({ length: count }, (_, seed) => {
    if (spec.dialect === 'socket.io') return Buffer.from(`42["m","${textPayload(spec.size, seed)}"]`)
    if (spec.type === 'text') return Buffer.from(textPayload(spec.size, seed))
    return spec.type === 'json' ? Buffer.from(jsonPayload(spec.size, seed)) : binaryPayload(spec.size, seed)
  })
}
