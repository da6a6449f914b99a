import { describe, expect, it } from 'vitest'
import * as protocol from '../../src/protocol/index.ts'

describe('barewire/protocol', () => {
  it('gives what the study of the protocol needs', () => {
    expect(protocol).toMatchObject({
      Connection: expect.any(Function),
      FrameReader: expect.any(Function),
      FrameWriter: expect.any(Function),
      Utf8Validator: expect.any(Function),
      applyMask: expect.any(Function),
      checkHeader: expect.any(Function),
      decodeFrameHeader: expect.any(Function),
      transitions: expect.any(Object),
      Violations: expect.any(Object),
    })
  })
})
