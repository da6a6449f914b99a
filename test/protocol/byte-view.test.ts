import { afterEach, describe, expect, it } from 'vitest'
import { releaseByteView, viewBytes } from '../../src/protocol/byte-view.ts'

describe('viewBytes', () => {
  afterEach(releaseByteView)

  it('sees the bytes themselves, not a copy of them', () => {
    const chunk = Uint8Array.of(1, 2, 3, 4, 5)
    const view = viewBytes(chunk, 1, 4)
    chunk[2] = 9
    expect([...view]).toEqual([2, 9, 4])
  })

  it('finds its place in a chunk that begins in the middle of its buffer', () => {
    const chunk = Uint8Array.of(0, 0, 0, 1, 2, 3).subarray(3)
    expect([...viewBytes(chunk, 0, 2)]).toEqual([1, 2])
    expect([...viewBytes(chunk, 2, 3)]).toEqual([3])
    expect(viewBytes(chunk, 3, 3)).toHaveLength(0)
  })

  it('tells two chunks of one buffer apart, and goes back to the first', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4)
    const first = bytes.subarray(0, 2)
    const second = bytes.subarray(2)
    expect([...viewBytes(first, 0, 2)]).toEqual([1, 2])
    expect([...viewBytes(second, 0, 2)]).toEqual([3, 4])
    expect([...viewBytes(first, 1, 2)]).toEqual([2])
  })

  it('leaves the views that were made as they are when it lets go', () => {
    const view = viewBytes(Uint8Array.of(7, 8), 0, 2)
    releaseByteView()
    expect([...view]).toEqual([7, 8])
  })

  it('is a plain Uint8Array, whatever the chunk is', () => {
    expect(viewBytes(Buffer.of(1, 2), 0, 1)).not.toBeInstanceOf(Buffer)
  })
})
