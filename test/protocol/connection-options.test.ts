import { describe, expect, it } from 'vitest'
import { checkOptions, type ConnectionOptions } from '../../src/protocol/connection-options.ts'
import { Connection } from '../../src/protocol/connection.ts'
import { record } from '../support/record.ts'

const { handler } = record()
const server: ConnectionOptions = { role: 'server', handler }

function wrong(options: object): ConnectionOptions {
  return { ...server, ...options }
}

describe('The options of a connection', () => {
  it('have defaults: 16 MiB a message, 1,048,576 fragments, text as strings, pings answered', () => {
    expect(checkOptions(server)).toMatchObject({
      isServer: true,
      maxPayload: 16 * 1024 * 1024,
      maxFragments: 1_048_576,
      partsFrom: Number.MAX_SAFE_INTEGER,
      textAsBytes: false,
      autoPong: true,
      randomMask: undefined,
    })
  })

  it('make memory of zeros and a slab of their own by default', () => {
    const { allocate, slab } = checkOptions(server)
    expect(allocate(3)).toEqual(new Uint8Array(3))
    slab.open(1)
    expect(slab.bytes[0]).toBe(0)
    expect(checkOptions(server).slab).not.toBe(slab)
  })

  it('of a server never mask (RFC 6455 5.1)', () => {
    expect(checkOptions({ ...server, randomMask: () => 1 }).randomMask).toBeUndefined()
  })

  it('of a client need a source of mask keys (RFC 6455 5.1, 5.3)', () => {
    expect(() => new Connection({ role: 'client', handler })).toThrow(
      new TypeError('randomMask is required of a client: it masks every frame it sends (RFC 6455 5.1)'),
    )
    expect(checkOptions({ role: 'client', handler, randomMask: () => 1 }).isServer).toBe(false)
  })

  it.each([
    [{ role: 'peer' }, new TypeError("role must be 'server' or 'client'")],
    [{ text: 'blob' }, new TypeError("text must be 'string' or 'bytes'")],
    [{ partsFrom: 1000 }, new TypeError('partsFrom needs a handler with a part method')],
    [{ maxPayload: '1000' }, new TypeError('maxPayload must be a number, got string')],
    [{ maxPayload: -1 }, new RangeError('maxPayload must be a whole number from 0 to 2^53 - 1, got -1')],
    [{ maxPayload: 1.5 }, new RangeError('maxPayload must be a whole number from 0 to 2^53 - 1, got 1.5')],
    [{ maxPayload: 2 ** 53 }, new RangeError(`maxPayload must be a whole number from 0 to 2^53 - 1, got ${2 ** 53}`)],
    [{ maxFragments: Number.NaN }, new RangeError('maxFragments must be a whole number from 0 to 2^53 - 1, got NaN')],
    [
      { maxFragments: Infinity },
      new RangeError('maxFragments must be a whole number from 0 to 2^53 - 1, got Infinity'),
    ],
  ])('are refused by name: %o', (options, error) => {
    expect(() => new Connection(wrong(options))).toThrow(error)
  })

  it('keep a limit of 3 GiB as it is: it is no 32-bit number', () => {
    expect(checkOptions({ ...server, maxPayload: 3 * 2 ** 30 }).maxPayload).toBe(3_221_225_472)
  })
})
