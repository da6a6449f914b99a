import { describe, expect, it } from 'vitest'
import { Slab, SLAB_SIZE } from '../../src/protocol/slab.ts'

function slab(): { slab: Slab; made: Uint8Array[] } {
  const made: Uint8Array[] = []
  const allocate = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    made.push(bytes)
    return bytes
  }
  return { slab: new Slab(allocate), made }
}

describe('A slab', () => {
  it('takes no memory before its first region', () => {
    const { slab: room, made } = slab()
    expect(room.bytes.length).toBe(0)
    expect(made).toEqual([])
    expect(room.open(10)).toBe(0)
    expect(made.map((bytes) => bytes.length)).toEqual([SLAB_SIZE])
  })

  it('is used anew from its start once every region was taken', () => {
    const { slab: room, made } = slab()
    room.open(10)
    room.used = 10
    expect(room.open(20)).toBe(10)
    room.used = 30
    room.settle(room.bytes, 1, true)
    expect(room.used).toBe(30)
    room.settle(room.bytes, 1, true)
    expect(room.used).toBe(0)
    expect(made.length).toBe(1)
  })

  it('is not used anew where a transport keeps a region, but goes on behind it', () => {
    const { slab: room, made } = slab()
    room.open(10)
    room.used = 10
    room.settle(room.bytes, 1, false)
    expect(room.open(10)).toBe(10)
    room.used = 20
    room.settle(room.bytes, 1, true)
    expect(room.open(10)).toBe(20)
    expect(made.length).toBe(1)
    room.used = SLAB_SIZE
    room.settle(room.bytes, 1, true)
    expect(room.open(1)).toBe(0)
    expect(made.length).toBe(2)
    room.used = 1
    room.settle(room.bytes, 1, true)
    expect(room.used).toBe(0)
  })

  it('makes fresh memory when it is full, and hears no more of the old', () => {
    const { slab: room, made } = slab()
    room.open(SLAB_SIZE)
    room.used = SLAB_SIZE
    const old = room.bytes
    expect(room.open(1)).toBe(0)
    room.used = 1
    room.settle(old, 1, true)
    expect(room.used).toBe(1)
    expect(made.length).toBe(2)
  })
})
