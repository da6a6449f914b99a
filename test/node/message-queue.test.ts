import { describe, expect, it } from 'vitest'
import { MessageQueue } from '../../src/node/message-queue.ts'
import type { CloseOutcome } from '../../src/protocol/close-outcome.ts'

const CLEAN: CloseOutcome = { code: 1000, reason: '', clean: true, cause: 'peer' }
const UNCLEAN: CloseOutcome = { code: 1006, reason: '', clean: false, cause: 'transport' }

function makeQueue() {
  const calls: string[] = []
  const queue = new MessageQueue({
    hold: (wanted) => void calls.push(wanted ? 'hold' : 'go on'),
    leave: () => void calls.push('leave'),
  })
  return { queue, calls }
}

describe('Messages for a reader that asks for them', () => {
  it('hold the peer back while some wait, and let it go on when none does', async () => {
    const { queue, calls } = makeQueue()
    queue.push('one')
    queue.push('two')
    expect(calls).toEqual(['hold'])
    expect(await queue.next()).toEqual({ done: false, value: 'one' })
    expect(calls).toEqual(['hold'])
    expect(await queue.next()).toEqual({ done: false, value: 'two' })
    expect(calls).toEqual(['hold', 'go on'])
  })

  it('go straight to whoever waits already, in the order they asked', async () => {
    const { queue, calls } = makeQueue()
    const asked = [queue.next(), queue.next()]
    queue.push('one')
    queue.push('')
    expect((await Promise.all(asked)).map(({ value }) => value)).toEqual(['one', ''])
    expect(calls).toEqual([])
  })

  it('are read to their end after a clean close, and the loop ends', async () => {
    const { queue } = makeQueue()
    queue.push('last words')
    queue.end(CLEAN)
    queue.end(UNCLEAN)
    const read: unknown[] = []
    for await (const message of queue) read.push(message)
    expect(read).toEqual(['last words'])
    expect(await queue.next()).toEqual({ done: true, value: undefined })
  })

  it('are read to their end after any other close, which is thrown then', async () => {
    const { queue } = makeQueue()
    const waiting = queue.next()
    queue.end(UNCLEAN)
    await expect(waiting).rejects.toThrow('1006 (transport)')
    const error = new Error('reset')
    const other = makeQueue().queue
    other.push('last words')
    other.end({ ...UNCLEAN, error })
    expect(await other.next()).toMatchObject({ value: 'last words' })
    await expect(other.next()).rejects.toBe(error)
  })

  it('are dropped when they fail, and the peer goes on', async () => {
    const { queue, calls } = makeQueue()
    queue.push('one')
    const error = new Error('no reader')
    queue.fail(error)
    queue.push('two')
    queue.end()
    await expect(queue.next()).rejects.toBe(error)
    expect(calls).toEqual(['hold', 'go on'])
  })

  it('are dropped when the reader leaves early, and the peer goes on', async () => {
    const { queue, calls } = makeQueue()
    queue.push('one')
    queue.push('two')
    for await (const message of queue) {
      expect(message).toBe('one')
      break
    }
    expect(calls).toEqual(['hold', 'go on', 'leave'])
    queue.push('three')
    expect(calls.length).toBe(3)
    queue.end(UNCLEAN)
    expect(await queue.next()).toEqual({ done: true, value: undefined })
  })
})
