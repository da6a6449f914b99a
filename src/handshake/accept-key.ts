/**
 * The proof that a server has understood a WebSocket handshake: SHA-1 over the client's key and a fixed GUID.
 * RFC 6455 1.3, 4.1 and 4.2.2.
 */
import * as crypto from 'node:crypto'

/** What is appended to the key: an identifier that no other protocol would use. RFC 6455 1.3. */
export const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** RFC 6455 4.1: the nonce of the key. */
const NONCE_LENGTH = 16

/**
 * 16 bytes in base64. The last digit carries two bits of the value and four that are only padding; those may be anything,
 * because the example key of RFC 6455 4.1 (`AQIDBAUGBwgJCgsMDQ4PEC==`) has them set.
 */
const KEY = /^[A-Za-z0-9+/]{22}==$/

type Digest = (text: string) => string

/** Choose the way to SHA-1: in one shot where Node has it (20.12, 21.7), else through a Hash object. */
export function chooseDigest(oneShot: typeof crypto.hash | undefined): Digest {
  if (oneShot === undefined) return (text) => crypto.createHash('sha1').update(text).digest('base64')
  return (text) => oneShot('sha1', text, 'base64')
}

const digest: Digest = chooseDigest(crypto.hash)

/** Compute the Sec-WebSocket-Accept that answers a Sec-WebSocket-Key. RFC 6455 4.2.2, item 5.4. */
export function acceptKey(key: string): string {
  return digest(key + WEBSOCKET_GUID)
}

/** Tell whether a Sec-WebSocket-Key is 16 bytes in base64. RFC 6455 4.2.1, item 5. */
export function isValidKey(key: string): boolean {
  return KEY.test(key)
}

/** Make a fresh Sec-WebSocket-Key from the system's random source. RFC 6455 4.1, item 7: randomly selected each time. */
export function generateKey(): string {
  return crypto.randomBytes(NONCE_LENGTH).toString('base64')
}
