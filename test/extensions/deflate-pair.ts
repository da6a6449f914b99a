/** What the tests of permessage-deflate share: instances by negotiation, their calls as promises, and real zlib streams. */
import {
  constants,
  createDeflateRaw,
  createInflateRaw,
  type DeflateRaw,
  type InflateRaw,
  type ZlibOptions,
} from 'node:zlib'
import {
  permessageDeflateClient,
  permessageDeflateServer,
  type PerMessageDeflateOptions,
} from '../../src/extensions/permessage-deflate.ts'
import type { AgreedExtension, DecodeFailure, ExtensionInstance } from '../../src/protocol/extension.ts'

export const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)

export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

export function utf8(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text))
}

/** JSON as chat servers send it, different for each `seed`. */
export function json(length: number, seed = 0): Uint8Array {
  let text = ''
  for (let id = seed; text.length < length; id++) {
    text += JSON.stringify({
      id,
      user: `user${(id * 7919) % 1000}`,
      text: `message ${(id * 104729) % 9973}`,
      ok: id % 2 === 0,
    })
  }
  return utf8(text.slice(0, length))
}

/** Bytes that do not shrink. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed * 2654435761
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** A server's and a client's instance, agreed by their own negotiation. */
export function agree(
  serverOptions: PerMessageDeflateOptions = {},
  clientOptions: PerMessageDeflateOptions = {},
): { server: ExtensionInstance; client: ExtensionInstance; agreed: AgreedExtension } {
  const clientSide = permessageDeflateClient(clientOptions)
  const offer = clientSide.offers[0]!
  const agreed = permessageDeflateServer(serverOptions).accept(offer)
  if (agreed === undefined) throw new Error('the server declined')
  const confirmed = clientSide.confirm(agreed.response)
  if (typeof confirmed === 'string') throw new Error(confirmed)
  return { server: agreed.create(), client: confirmed.create(), agreed }
}

export interface Encoded {
  readonly payload: Uint8Array
  readonly rsv: number
}

export function encode(instance: ExtensionInstance, bytes: Uint8Array, final = true): Promise<Encoded> {
  return new Promise((resolve) => instance.encode(bytes, final, (payload, rsv) => resolve({ payload, rsv })))
}

/** For what must be over when `encode` returns. */
export function encodeNow(instance: ExtensionInstance, bytes: Uint8Array, final = true): Encoded {
  let encoded: Encoded | undefined
  instance.encode(bytes, final, (payload, rsv) => (encoded = { payload, rsv }))
  if (encoded === undefined) throw new Error('not encoded at once')
  return encoded
}

export interface DecodeOptions {
  readonly final?: boolean
  readonly limit?: number
}

export type Decoded = Uint8Array | DecodeFailure

/** All that one call gives, asked for until there is no more. */
export async function decode(
  instance: ExtensionInstance,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Decoded> {
  const { final = true, limit = 1 << 28 } = options
  const pieces: Uint8Array[] = []
  let length = 0
  for (let input = bytes; ; input = new Uint8Array(0)) {
    const { result, hasMore } = await new Promise<{ result: Decoded; hasMore: boolean }>((resolve) =>
      instance.decode(input, final, limit - length, (decoded, more = false) =>
        resolve({ result: decoded, hasMore: more }),
      ),
    )
    if (!(result instanceof Uint8Array)) return result
    pieces.push(result)
    length += result.length
    if (!hasMore) return pieces.length === 1 ? result : Buffer.concat(pieces)
  }
}

/** For what must be over when `decode` returns. */
export function decodeNow(instance: ExtensionInstance, bytes: Uint8Array, options: DecodeOptions = {}): Decoded {
  const { final = true, limit = 1 << 28 } = options
  let decoded: Decoded | undefined
  instance.decode(bytes, final, limit, (result) => (decoded = result))
  if (decoded === undefined) throw new Error('not decoded at once')
  return decoded
}

/** Decode a message given in parts; the first failure ends it. */
export async function decodeParts(
  instance: ExtensionInstance,
  parts: readonly Uint8Array[],
  limit = 1 << 28,
): Promise<Decoded> {
  const output: Uint8Array[] = []
  let left = limit
  for (const [index, part] of parts.entries()) {
    const result = await decode(instance, part, { final: index === parts.length - 1, limit: left })
    if (!(result instanceof Uint8Array)) return result
    output.push(result)
    left -= result.length
  }
  return Buffer.concat(output)
}

export function plain(result: Decoded): Buffer {
  if (!(result instanceof Uint8Array)) throw new Error(`${result.closeCode} ${result.reason}`)
  return Buffer.from(result)
}

/** Cut bytes at positions given as fractions; empty parts included. */
export function cut(bytes: Uint8Array, fractions: readonly number[]): Uint8Array[] {
  const places = fractions.map((fraction) => Math.floor(fraction * (bytes.length + 1))).toSorted((a, b) => a - b)
  return [0, ...places].map((place, index) => bytes.subarray(place, places[index] ?? bytes.length))
}

/** A peer as every other implementation is one: a zlib stream object that lives as long as the connection. */
export class ZlibPeer {
  readonly #deflate: DeflateRaw
  readonly #inflate: InflateRaw
  readonly #takeover: boolean

  constructor({ takeover = true, ...options }: ZlibOptions & { takeover?: boolean } = {}) {
    this.#deflate = createDeflateRaw(options)
    this.#inflate = createInflateRaw({ ...options, ...(options.windowBits === undefined && { windowBits: 15 }) })
    this.#takeover = takeover
  }

  async compress(bytes: Uint8Array): Promise<Uint8Array> {
    const output = await this.#run(this.#deflate, bytes)
    if (!this.#takeover) this.#deflate.reset()
    return output.subarray(0, -TAIL.length)
  }

  async decompress(bytes: Uint8Array): Promise<Buffer> {
    const output = await this.#run(this.#inflate, Buffer.concat([bytes, TAIL]))
    if (!this.#takeover) this.#inflate.reset()
    return output
  }

  close(): void {
    this.#deflate.close()
    this.#inflate.close()
  }

  #run(stream: DeflateRaw | InflateRaw, bytes: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const output: Buffer[] = []
      const take = (piece: Buffer): void => void output.push(piece)
      stream.on('data', take)
      stream.once('error', reject)
      stream.write(bytes)
      stream.flush(constants.Z_SYNC_FLUSH, () => {
        stream.off('data', take)
        stream.off('error', reject)
        resolve(Buffer.concat(output))
      })
    })
  }
}
