import { describe, expect, it, vi } from 'vitest'
import { reject } from '../../src/handshake/rejection.ts'
import { answerAndEnd } from '../../src/node/http1-upgrade.ts'
import { wheel } from '../../src/node/timer-wheel.ts'
import { stopClock } from '../support/clock.ts'
import { JoinedStream } from '../support/duplex-pair.ts'
import { turns } from '../support/turns.ts'

stopClock()

describe('A refusal over HTTP/1.1', () => {
  it('ends the connection behind its answer, and leaves no deadline', async () => {
    const [near, far] = JoinedStream.pair()
    let answer = ''
    far.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    answerAndEnd(near, reject(403, 'not you'))
    expect(wheel.size).toBe(1)
    await turns()
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\n\r\nnot you$/)
    expect([near.destroyed, wheel.size]).toEqual([true, 0])
  })

  it('drops a client that does not take its answer for 10 s', async () => {
    const [near] = JoinedStream.pair()
    near.hold()
    answerAndEnd(near, reject(403, 'not you'))
    vi.advanceTimersByTime(9800)
    await turns()
    expect(near.destroyed).toBe(false)
    vi.advanceTimersByTime(400)
    await turns()
    expect([near.destroyed, wheel.size]).toEqual([true, 0])
  })

  it('is nothing to a stream that is gone already', async () => {
    const [near] = JoinedStream.pair()
    near.destroy()
    await turns()
    answerAndEnd(near, reject(403))
    expect(wheel.size).toBe(0)
  })
})
