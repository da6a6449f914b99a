/**
 * Our client against our server: the same thousand messages, with and without compression.
 */
import { describe, expect, it } from 'vitest'
import { COUNT, exchange, randomMessages, withEchoServer } from './exchange.ts'

const TIMEOUT_MS = 60_000

describe('our own two ends', () => {
  // All are sent at once: the server rests until its echoes are read, so the client must read while its own output waits.
  it.each([
    [true, false],
    [false, false],
    [true, true],
    [false, true],
  ])(
    `echo ${COUNT} messages, permessage-deflate %s, HTTP/2 %s`,
    async (perMessageDeflate, http2) => {
      await withEchoServer(async (url) => {
        const result = await exchange(url, randomMessages(), { perMessageDeflate, http2 })
        expect(result).toMatchObject({ echoed: COUNT, close: { code: 1000, wasClean: true } })
        expect(result.extensions.startsWith('permessage-deflate')).toBe(perMessageDeflate)
      }, http2)
    },
    TIMEOUT_MS,
  )
})
