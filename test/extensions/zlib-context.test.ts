import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ZlibContext } from '../../src/extensions/zlib-context.ts'
import { json } from './deflate-pair.ts'

const { Z_SYNC_FLUSH, Z_BLOCK } = constants

function made(context: ZlibContext | undefined): ZlibContext {
  if (context === undefined) throw new Error('this Node keeps no zlib object')
  return context
}

describe('a zlib object that is called at once', () => {
  it('compresses one message after another into what refers to those before it', () => {
    const context = made(ZlibContext.deflate({ windowBits: 12, level: 1 }))
    const output = new Uint8Array(4096)
    const lengths = [1, 2, 3].map(() => {
      expect(context.write(Z_SYNC_FLUSH, json(800), output)).toBe(true)
      expect(context.unread).toBe(0)
      return output.length - context.room
    })
    expect(lengths[1]).toBeLessThan(lengths[0]! / 4)
    expect(lengths[2]).toBeLessThan(lengths[0]! / 4)
    context.close()
  })

  it('writes behind what is there already, and no further than the output goes', () => {
    const context = made(ZlibContext.inflate({ windowBits: 15 }))
    const output = new Uint8Array(700).fill(0x2e)
    expect(context.write(Z_SYNC_FLUSH, deflateRawSync(json(800)), output, 100)).toBe(true)
    expect(context.room).toBe(0)
    expect(Buffer.from(output.subarray(0, 100)).equals(Buffer.alloc(100, 0x2e))).toBe(true)
    expect(Buffer.from(output.subarray(100)).equals(Buffer.from(json(800).subarray(0, 600)))).toBe(true)
    context.close()
  })

  it('forgets with reset, mistakes too', () => {
    const context = made(ZlibContext.inflate({ windowBits: 15 }))
    const output = new Uint8Array(1000)
    const input = deflateRawSync(json(500))
    expect(context.write(Z_SYNC_FLUSH, Uint8Array.of(0xff, 0xff), output)).toBe(false)
    expect(context.write(Z_SYNC_FLUSH, input, output)).toBe(false)
    context.reset()
    expect(context.write(Z_SYNC_FLUSH, input, output)).toBe(true)
    expect(Buffer.from(output.subarray(0, 500)).equals(Buffer.from(json(500)))).toBe(true)
    context.close()
  })

  it('begins with a dictionary', () => {
    const context = made(ZlibContext.deflate({ windowBits: 12, dictionary: json(800) }))
    const output = new Uint8Array(4096)
    context.write(Z_SYNC_FLUSH, json(800), output)
    const payload = output.subarray(0, output.length - context.room)
    expect(payload.length).toBeLessThan(60)
    const inflated = inflateRawSync(payload, { dictionary: json(800), finishFlush: Z_SYNC_FLUSH })
    expect(inflated.equals(Buffer.from(json(800)))).toBe(true)
    context.close()
  })

  it('stops where a block ends when it is told to', () => {
    const context = made(ZlibContext.inflate({ windowBits: 15 }))
    const block = deflateRawSync(json(100), { finishFlush: Z_SYNC_FLUSH })
    context.write(Z_BLOCK, block, new Uint8Array(200))
    expect(context.unread).toBeGreaterThan(0)
    context.write(Z_BLOCK, block.subarray(block.length - context.unread), new Uint8Array(200))
    expect(context.unread).toBe(0)
    context.close()
  })

  it('is not made when zlib refuses its options', () => {
    expect(ZlibContext.deflate({ windowBits: 99 })).toBeUndefined()
  })
})
