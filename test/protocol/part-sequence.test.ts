import { describe, expect, it } from 'vitest'
import { PartSequence } from '../../src/protocol/part-sequence.ts'

const going = { isText: false, final: false }
const last = { isText: true, final: true }

describe('The parts of a message', () => {
  it('are told as the first, the last or neither, message after message (RFC 6455 5.4)', () => {
    const sequence = new PartSequence()
    expect([going, going, last, last].map((part) => sequence.next(part, false))).toEqual([
      { isText: false, first: true, final: false },
      { isText: false, first: false, final: false },
      { isText: true, first: false, final: true },
      { isText: true, first: true, final: true },
    ])
  })

  it('are held back to the end of their message once one of them was, and not beyond it', () => {
    const sequence = new PartSequence()
    sequence.next(going, false)
    expect(sequence.next(going, true)).toBeUndefined()
    expect(sequence.next(going, false)).toBeUndefined()
    expect(sequence.next(last, false)).toBeUndefined()
    expect(sequence.next(last, false)).toEqual({ isText: true, first: true, final: true })
  })
})
