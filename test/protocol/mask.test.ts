import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { applyMask, releaseMaskView, rotateMaskKey } from '../../src/protocol/mask.ts'
import { hex, toHex } from '../support/hex.ts'
import { naiveMask } from '../support/naive.ts'

const KEY = hex('37 fa 21 3d')
const KEY_NUMBER = 0x37fa213d

afterEach(releaseMaskView)

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 89 + 7) & 0xff)
}

function keyNumber(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset).getInt32(0)
}

describe('Masking', () => {
  it('turns Hello into the bytes of RFC 6455 5.7', () => {
    const bytes = hex('48 65 6c 6c 6f')
    applyMask(bytes, 0, 5, KEY_NUMBER)
    expect(toHex(bytes)).toBe('7f 9f 4d 51 58')
  })

  it('is the octet-wise XOR for every length to 160 at every place modulo 16, and leaves the rest alone (RFC 6455 5.3)', () => {
    for (let length = 0; length <= 160; length++) {
      for (let offset = 0; offset < 16; offset++) {
        const memory = pattern(offset + length + 16)
        const expected = memory.slice()
        expected.set(naiveMask(memory.slice(offset, offset + length), KEY), offset)
        applyMask(memory, offset, offset + length, KEY_NUMBER)
        if (toHex(memory) !== toHex(expected)) expect.fail(`${length} bytes at ${offset}`)
      }
    }
  })

  it('is right in views that begin anywhere in their memory, in turns between several memories (RFC 6455 5.3)', () => {
    const memories = [new ArrayBuffer(256), new ArrayBuffer(251), new ArrayBuffer(64)]
    for (let round = 0; round < 24; round++) {
      const memory = memories[round % 3]!
      const start = round % 9
      const view = new Uint8Array(memory, start, Math.min(60, memory.byteLength - start))
      view.set(pattern(view.length))
      applyMask(view, 0, view.length, KEY_NUMBER)
      expect(view).toEqual(naiveMask(pattern(view.length), KEY))
    }
  })

  it('is undone by itself, for any bytes, key and range (RFC 6455 5.3)', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.nat(16),
        (payload, key, offset) => {
          const bytes = new Uint8Array(offset + payload.length)
          bytes.set(payload, offset)
          applyMask(bytes, offset, bytes.length, keyNumber(key))
          expect(bytes.slice(offset)).toEqual(naiveMask(payload, key))
          applyMask(bytes, offset, bytes.length, keyNumber(key))
          expect(bytes.slice(offset)).toEqual(payload)
        },
      ),
    )
  })

  it('goes on with a turned key where a payload is cut, wherever that is (RFC 6455 5.3)', () => {
    for (let cut = 0; cut <= 130; cut++) {
      const bytes = pattern(130)
      applyMask(bytes, 0, cut, KEY_NUMBER)
      applyMask(bytes, cut, 130, rotateMaskKey(KEY_NUMBER, cut))
      expect(bytes).toEqual(naiveMask(pattern(130), KEY))
    }
  })

  it('turns a key the same by any number of whole keys (RFC 6455 5.3)', () => {
    expect([0, 1, 2, 3, 4, 5, 65536 + 6].map((count) => rotateMaskKey(0x01020304, count) >>> 0)).toEqual([
      0x01020304, 0x02030401, 0x03040102, 0x04010203, 0x01020304, 0x02030401, 0x03040102,
    ])
  })
})
