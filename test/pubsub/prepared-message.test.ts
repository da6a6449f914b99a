import { describe, expect, it } from 'vitest'
import { prepare } from '../../src/node/topic-hub.ts'
import type { ExtensionInstance } from '../../src/protocol/extension.ts'
import { toHex } from '../support/hex.ts'

/** An extension that turns every message into one byte, for everybody whose window is the same. */
function extension(window: string, threshold = 0): ExtensionInstance & { calls: number } {
  return {
    rsv: 0x40,
    threshold,
    calls: 0,
    encodeShared(payload, cache) {
      let encoded = cache.get(window)
      if (encoded === undefined) {
        this.calls++
        cache.set(window, (encoded = Uint8Array.of(payload.length)))
      }
      return payload[0] === 0 ? undefined : encoded
    },
    encode() {},
    decode() {},
    dispose() {},
  }
}

describe('A prepared message', () => {
  it('is one frame, made once: text from a string, binary from bytes (RFC 6455 5.2)', () => {
    expect(toHex(prepare('Hi').frame)).toBe('81 02 48 69')
    expect(toHex(prepare(Uint8Array.of(1)).frame)).toBe('82 01 01')
    expect(toHex(prepare(Buffer.from('é'), true).frame)).toBe('81 02 c3 a9')
    const message = prepare('once')
    expect(prepare(message)).toBe(message)
    expect(message.frame).toBe(message.frame)
  })

  it('keeps its bytes when those it was made from change', () => {
    const bytes = new Uint8Array(20_000).fill(1)
    const { frame, payload } = prepare(bytes)
    bytes.fill(2)
    expect([frame.at(-1), payload.at(0), payload.at(-1), payload.length]).toEqual([1, 1, 1, 20_000])
  })

  it('goes through an extension once for all connections with the same window (RFC 7692 7.2.1)', () => {
    const message = prepare('hello')
    const one = extension('15')
    const same = extension('15')
    const other = extension('9')
    const frame = message.frameFor(one)
    expect(toHex(frame)).toBe('c1 01 05')
    expect(message.frameFor(same)).toBe(frame)
    expect(same.calls).toBe(0)
    expect(message.frameFor(other)).not.toBe(frame)
    expect(other.calls).toBe(1)
  })

  it('goes out as it is below the threshold of an extension, and when that declines', () => {
    const message = prepare('hello')
    expect(message.frameFor(extension('15', 6))).toBe(message.frame)
    const declined = prepare(Uint8Array.of(0, 1))
    expect(declined.frameFor(extension('15'))).toBe(declined.frame)
  })

  it('is made of nothing but text and bytes', () => {
    for (const wrong of [5, null, {}, undefined]) expect(() => prepare(wrong as never)).toThrow(TypeError)
  })
})
