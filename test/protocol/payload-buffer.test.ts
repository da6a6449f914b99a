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
    const announcing = fc.constantFrom('nothing', 'all', 'by halves')
    fc.assert(
      fc.property(fc.nat(20_000), cuts, fc.nat(9), announcing, (length, places, offset, announces) => {
        const bytes = Uint8Array.from({ length }, (_, i) => i * 7)
        const { held } = buffer()
        const announcedAt = (at: number): number => {
          if (announces === 'nothing') return 0
          return announces === 'by halves' && at <= length / 2 ? Math.floor(length / 2) : length
        }
        let end = 0
        for (const piece of cutAt(
          bytes,
          places.filter((place) => place < length),
        )) {
          const chunk = concat(new Uint8Array(offset), piece, new Uint8Array(3))
          end += piece.length
          held.push(chunk, offset, offset + piece.length, announcedAt(end))
        }
        expect(held.length).toBe(length)
        expect(Buffer.compare(held.take(), bytes)).toBe(0)
        expect(held.length).toBe(0)
      }),
      { numRuns: 120 },
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

  it('makes room for all that was announced, so that the message lies in one piece without another copy', () => {
    const { held, allocated } = buffer()
    held.push(new Uint8Array(65_522), 0, 65_522, 70_000)
    held.push(new Uint8Array(4478), 0, 4478, 70_000)
    expect(allocated).toEqual([70_000])
    expect(held.take().buffer.byteLength).toBe(70_000)
  })

  it('reserves at most 32 times what has come, and moves what it held along (RFC 6455 10.4)', () => {
    const { held, allocated } = buffer()
    held.push(hex('01'), 0, 1, 1_000_000)
    expect(allocated).toEqual([32])
    held.push(new Uint8Array(32).fill(2), 0, 32, 1_000_000)
    expect(allocated).toEqual([32, 1056])
    held.push(new Uint8Array(1023).fill(3), 0, 1023, 1_000_000)
    expect(allocated).toEqual([32, 1056])
    expect(toHex(held.take().subarray(0, 3))).toBe('01 02 02')
  })

  it('moves nothing along for a frame that adds less than there is, however many of them come', () => {
    const { held, allocated } = buffer()
    held.push(new Uint8Array(6000), 0, 6000)
    for (let frame = 1; frame <= 3; frame++) {
      held.push(new Uint8Array(1000), 0, 1000, 6000 + 2000 * frame)
      held.push(new Uint8Array(1000), 0, 1000)
    }
    expect(allocated).toEqual([2000, 2000, 2000])
    expect(held.take().length).toBe(12_000)
  })

  it('reserves at most four times what has come from 1 MiB on', () => {
    const { held, allocated } = buffer()
    held.push(new Uint8Array(65_536), 0, 65_536, 100_000_000)
    held.push(new Uint8Array(1_048_576), 0, 1_048_576, 100_000_000)
    expect(allocated).toEqual([1_048_576, 4 * (65_536 + 1_048_576)])
  })

  it('makes no room for each of many frames of two bytes that come in halves (RFC 6455 10.4)', () => {
    const { held, allocated } = buffer()
    const FRAMES = 10_000
    for (let frame = 1; frame <= FRAMES; frame++) {
      held.push(Uint8Array.of(1), 0, 1, frame * 2)
      held.push(Uint8Array.of(2), 0, 1, frame * 2)
    }
    expect(allocated.length).toBeLessThan(12)
    expect(held.take()).toEqual(Uint8Array.from({ length: FRAMES * 2 }, (_, i) => (i % 2) + 1))
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
