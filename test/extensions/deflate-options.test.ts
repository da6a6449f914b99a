import { describe, expect, it } from 'vitest'
import {
  permessageDeflateClient,
  permessageDeflateServer,
  type PerMessageDeflateOptions,
} from '../../src/extensions/permessage-deflate.ts'
import { agree } from './deflate-pair.ts'

describe('options are checked where they are given', () => {
  it.each<[options: unknown, kind: ErrorConstructor, message: string]>([
    [null, TypeError, 'option perMessageDeflate is null, an object was required'],
    [true, TypeError, 'option perMessageDeflate is of type boolean, an object was required'],
    [
      { serverNoContextTakeover: 1 },
      TypeError,
      'option serverNoContextTakeover is of type number, a boolean was required',
    ],
    [
      { clientNoContextTakeover: 'no' },
      TypeError,
      'option clientNoContextTakeover is of type string, a boolean was required',
    ],
    [{ serverMaxWindowBits: '15' }, TypeError, 'option serverMaxWindowBits is of type string, a number was required'],
    [{ serverMaxWindowBits: 16 }, RangeError, 'option serverMaxWindowBits is 16, a number from 9 to 15 was required'],
    [{ serverMaxWindowBits: 9.5 }, RangeError, 'option serverMaxWindowBits is 9.5, an integer was required'],
    [{ clientMaxWindowBits: 7 }, RangeError, 'option clientMaxWindowBits is 7, a number from 8 to 15 was required'],
    [{ threshold: -1 }, RangeError, 'option threshold is -1, at least 0 was required'],
    [{ threshold: NaN }, RangeError, 'option threshold is NaN, at least 0 was required'],
    [{ concurrencyLimit: 0 }, RangeError, 'option concurrencyLimit is 0, at least 1 was required'],
    [{ zlibDeflateOptions: 6 }, TypeError, 'option zlibDeflateOptions is of type number, an object was required'],
    [
      { zlibDeflateOptions: { level: 10 } },
      RangeError,
      'option zlibDeflateOptions.level is 10, a number from -1 to 9 was required',
    ],
    [
      { zlibDeflateOptions: { memLevel: 0 } },
      RangeError,
      'option zlibDeflateOptions.memLevel is 0, a number from 1 to 9 was required',
    ],
    [
      { zlibDeflateOptions: { strategy: 5 } },
      RangeError,
      'option zlibDeflateOptions.strategy is 5, a number from 0 to 4 was required',
    ],
    [
      { zlibDeflateOptions: { chunkSize: 63 } },
      RangeError,
      'option zlibDeflateOptions.chunkSize is 63, at least 64 was required',
    ],
    [
      { zlibInflateOptions: { chunkSize: 1 } },
      RangeError,
      'option zlibInflateOptions.chunkSize is 1, at least 64 was required',
    ],
    [{ asyncThreshold: -1 }, RangeError, 'option asyncThreshold is -1, at least 0 was required'],
    [{ maxInflateRatio: 0.5 }, RangeError, 'option maxInflateRatio is 0.5, at least 1 was required'],
    [{ contextLimit: -1 }, RangeError, 'option contextLimit is -1, at least 0 was required'],
    [{ deflateHistory: 32_769 }, RangeError, 'option deflateHistory is 32769, a number from 0 to 32768 was required'],
  ])('%j', (options, kind, message) => {
    expect(() => permessageDeflateServer(options as PerMessageDeflateOptions)).toThrow(new kind(message))
  })

  it('nobody can be told to compress with a window of 8, and everybody to inflate one', () => {
    const tooSmall = /is 8, a number from 9 to 15 was required/
    expect(() => permessageDeflateServer({ serverMaxWindowBits: 8 })).toThrow(tooSmall)
    expect(() => permessageDeflateClient({ clientMaxWindowBits: 8 })).toThrow(tooSmall)
    expect(() => permessageDeflateServer({ clientMaxWindowBits: 8 })).not.toThrow()
    expect(() => permessageDeflateClient({ serverMaxWindowBits: 8 })).not.toThrow()
  })

  it('what a user of ws writes is understood', () => {
    const options = {
      zlibDeflateOptions: { chunkSize: 1024, memLevel: 7, level: 3 },
      zlibInflateOptions: { chunkSize: 10 * 1024 },
      clientNoContextTakeover: true,
      serverNoContextTakeover: true,
      serverMaxWindowBits: 10,
      concurrencyLimit: 10,
      threshold: 1024,
    }
    const { agreed, server } = agree(options)
    expect(agreed.response.parameters).toEqual([
      ['server_no_context_takeover', true],
      ['client_no_context_takeover', true],
      ['server_max_window_bits', '10'],
    ])
    expect(server.threshold).toBe(1024)
  })
})
