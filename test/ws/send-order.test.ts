import { Blob } from 'node:buffer'
import { describe, expect, it, vi } from 'vitest'
import { wheel } from '../../src/node/timer-wheel.ts'
import { SendOrder } from '../../src/ws/send-order.ts'
import { stopClock } from '../support/clock.ts'
import { turnsUntil } from '../support/turns.ts'

stopClock()

/** A Blob whose bytes never come. */
class Endless extends Blob {
  override arrayBuffer(): Promise<ArrayBuffer> {
    return new Promise(() => {})
  }
}

function ordering() {
  const calls: string[] = []
  const order = new SendOrder((error) => calls.push(error.message))
  const turn = (name: string) => ({ send: () => void calls.push(name), lost: () => void calls.push(`no ${name}`) })
  const close = (): void =>
    order.close(() => calls.push('close'), { timeout: 1000, expired: () => void calls.push('expired') })
  return { order, calls, turn, close }
}

describe('What is sent behind a Blob', () => {
  it('comes behind it, the Close frame last, and then no deadline is left for it (RFC 6455 5.5.1)', async () => {
    const { order, calls, turn, close } = ordering()
    order.add(new Blob(['a']), turn('blob'))
    order.add('b', turn('text'))
    close()
    await turnsUntil(() => calls.length === 3)
    expect([calls, wheel.size]).toEqual([['blob', 'text', 'close'], 0])
    vi.advanceTimersByTime(2000)
    expect(calls.length).toBe(3)
  })

  it('does not wait for ever to be closed', () => {
    const { order, calls, turn, close } = ordering()
    order.add(new Endless([]), turn('blob'))
    close()
    vi.advanceTimersByTime(900)
    expect(calls).toEqual([])
    vi.advanceTimersByTime(300)
    expect(calls).toEqual(['expired'])
  })

  it('goes on behind what could not be sent, and tells of it', async () => {
    const { order, calls, turn } = ordering()
    const failing = () => {
      throw new Error('of the connection')
    }
    order.add(new Blob(['a']), { send: failing, lost: () => void calls.push('no blob') })
    order.add('b', turn('text'))
    await turnsUntil(() => calls.length === 3)
    expect(calls.toSorted()).toEqual(['no blob', 'of the connection', 'text'])
  })

  it('is lost when the connection ends before', async () => {
    const { order, calls, turn, close } = ordering()
    order.add(new Endless([]), turn('blob'))
    close()
    order.stop()
    await turnsUntil(() => calls.length === 1)
    expect([calls, wheel.size]).toEqual([['no blob'], 0])
  })
})
