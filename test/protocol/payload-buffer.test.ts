import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PayloadBuffer } from '../../src/protocol/payload-buffer.ts'
import { concat, cutAt, hex, toHex } from '../support/hex.ts'

function buffer(): { held: PayloadBuffer; allocated: number[] } {
  const allocated: number[] = []
  const held = new PayloadBuffer((length) => {
    allocated.push(length)
    return new Uint8Array(length).fill(0xdd)
  })
  return { held, allocated }
}

describe('What has arrived of a message', () => {
  it('comes out as it went in, however it was cut (RFC 6455 5.4)', () => {
    const cuts = fc.array(fc.nat(20_000), { maxLength: 12 })
    fc.assert(
      fc.property(fc.nat(20_000), cuts, fc.nat(9), (length, places, offset) => {
        const bytes = Uint8Array.from({ length }, (_, i) => i * 7)
        const { held } = buffer()
        for (const piece of cutAt(
          bytes,
          places.filter((place) => place < length),
        )) {
          const chunk = concat(new Uint8Array(offset), piece, new Uint8Array(3))
          held.push(chunk, offset, offset + piece.length)
        }
        expect(held.length).toBe(length)
        expect(Buffer.compare(held.take(), bytes)).toBe(0)
        expect(held.length).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('begins anew after it was taken, without touching what was taken', () => {
    const { held } = buffer()
    held.push(hex('01 02 03'), 0, 3)
    const first = held.take()
    held.push(hex('04 05'), 0, 2)
    expect([toHex(first), toHex(held.take()), toHex(held.take())]).toEqual(['01 02 03', '04 05', ''])
  })

  it('keeps a large part where it lies when it fills at least half of its memory', () => {
    const { held, allocated } = buffer()
    const chunk = new Uint8Array(5000)
    held.push(chunk, 100, 5000)
    expect(allocated).toEqual([])
    expect(held.take().buffer).toBe(chunk.buffer)
  })

  it('copies a small part, and a large one that would pin far more than itself (RFC 6455 10.4)', () => {
    const { held, allocated } = buffer()
    const chunk = new Uint8Array(65_536)
    held.push(chunk, 0, 100)
    held.push(chunk, 0, 5000)
    expect(allocated).toEqual([256, 5000])
    expect(held.take().buffer).not.toBe(chunk.buffer)
  })

  it('doubles its room from 256 bytes to 64 KiB, so that a byte a part costs little more than a byte', () => {
    const { held, allocated } = buffer()
    const chunk = Uint8Array.of(7)
    for (let i = 0; i < 200_000; i++) held.push(chunk, 0, 1)
    expect(allocated).toEqual([256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 65_536, 65_536])
    expect(Buffer.compare(held.take(), new Uint8Array(200_000).fill(7))).toBe(0)
  })

  it('lets go of everything when it is cleared', () => {
    const { held } = buffer()
    held.push(new Uint8Array(8000), 0, 8000)
    held.push(hex('01'), 0, 1)
    held.clear()
    expect(held.length).toBe(0)
    expect(held.take()).toEqual(new Uint8Array(0))
  })
})
