import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { toBytes, toPayload, type Sendable } from '../../src/node/payload.ts'

describe('What may be sent', () => {
  it('is a string or a Uint8Array as it is, without a copy', () => {
    const bytes = new Uint8Array(3)
    expect([toPayload('text'), toPayload(bytes)]).toEqual(['text', bytes])
    expect(toPayload(bytes)).toBe(bytes)
  })

  it('is any view and any buffer, exactly what it covers', () => {
    const memory = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7])
    const forms = [new Uint16Array(memory.buffer, 2, 2), new DataView(memory.buffer, 2, 4), memory.buffer.slice(2, 6)]
    for (const form of forms) expect([...toBytes(form)!]).toEqual([2, 3, 4, 5])
    const shared = new SharedArrayBuffer(2)
    expect((toPayload(shared) as Uint8Array).buffer).toBe(shared)
  })

  it('may come from another realm', () => {
    for (const code of ['new Uint8Array([1, 2])', 'new Uint8Array([1, 2]).buffer']) {
      expect([...toBytes(runInNewContext(code) as Sendable)!]).toEqual([1, 2])
    }
  })

  it.each([
    [5, 'number'],
    [true, 'boolean'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'Object'],
    [Object.create(null), 'an object'],
    [[1, 2], 'Array'],
    [new Map(), 'Map'],
    [() => 1, 'function'],
  ])('is not %o', (wrong, name) => {
    const message = `a message must be a string, an ArrayBuffer or a view of one, got ${name}`
    expect(() => toPayload(wrong as Sendable)).toThrow(new TypeError(message))
  })
})

describe('The body of a ping or pong', () => {
  it('may be left out, and is UTF-8 where it is a string', () => {
    expect(toBytes(undefined)).toBeUndefined()
    expect([...toBytes('é')!]).toEqual([0xc3, 0xa9])
  })
})
