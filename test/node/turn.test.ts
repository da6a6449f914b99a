import { describe, expect, it } from 'vitest'
import { flushSoon } from '../../src/node/turn.ts'

describe('The end of a turn of the event loop', () => {
  it('flushes everything that waits for it, in order, and what is added meanwhile in the next', async () => {
    const order: string[] = []
    flushSoon({
      flush() {
        order.push('first')
        flushSoon({ flush: () => order.push('third') })
      },
    })
    flushSoon({ flush: () => order.push('second') })
    expect(order).toEqual([])
    await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual(['first', 'second'])
    await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual(['first', 'second', 'third'])
  })
})
