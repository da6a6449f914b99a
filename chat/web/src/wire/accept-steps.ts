/**
 * The proof of the handshake, one step at a time: the key, the GUID, SHA-1, base64. RFC 6455 4.2.2, item 5.4.
 */

/** RFC 6455 1.3: the fixed value that only a WebSocket server would append. */
export const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export interface AcceptSteps {
  readonly key: string
  /** How many bytes the key stands for; RFC 6455 4.1 requires 16. */
  readonly keyBytes: number
  readonly concatenated: string
  /** The 20 bytes of the SHA-1. */
  readonly digest: Uint8Array
  readonly accept: string
}

/** Compute every step of Sec-WebSocket-Accept for one Sec-WebSocket-Key. */
export async function acceptSteps(key: string): Promise<AcceptSteps> {
  const concatenated = key + HANDSHAKE_GUID
  const digest = await sha1(new TextEncoder().encode(concatenated))
  return { key, keyBytes: base64Length(key), concatenated, digest, accept: toBase64(digest) }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function base64Length(text: string): number {
  try {
    return atob(text).length
  } catch {
    return 0
  }
}

/** The browser's own SHA-1 exists on https and localhost alone; elsewhere the page computes it (FIPS 180-4 6.1). */
async function sha1(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle
  return subtle === undefined ? plainSha1(bytes) : new Uint8Array(await subtle.digest('SHA-1', bytes))
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** SHA-1 as FIPS 180-4 6.1.2 writes it down. */
export function plainSha1(bytes: Uint8Array): Uint8Array {
  const blocks = new DataView(new ArrayBuffer(((bytes.length + 8) >>> 6) * 64 + 64))
  bytes.forEach((octet, at) => blocks.setUint8(at, octet))
  blocks.setUint8(bytes.length, 0x80)
  blocks.setUint32(blocks.byteLength - 4, bytes.length * 8)
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
  for (let block = 0; block < blocks.byteLength; block += 64) {
    const words: number[] = []
    for (let t = 0; t < 80; t++) {
      words[t] =
        t < 16
          ? blocks.getInt32(block + t * 4)
          : rotate(words[t - 3]! ^ words[t - 8]! ^ words[t - 14]! ^ words[t - 16]!, 1)
    }
    let [a, b, c, d, e] = hash as [number, number, number, number, number]
    for (let t = 0; t < 80; t++) {
      const [f, k] =
        t < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : t < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : t < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6]
      const next = (rotate(a, 5) + f + e + k + words[t]!) | 0
      ;[a, b, c, d, e] = [next, a, rotate(b, 30), c, d]
    }
    ;[a, b, c, d, e].forEach((word, at) => (hash[at] = (hash[at]! + word) | 0))
  }
  const digest = new DataView(new ArrayBuffer(20))
  hash.forEach((word, at) => digest.setInt32(at * 4, word))
  return new Uint8Array(digest.buffer)
}
