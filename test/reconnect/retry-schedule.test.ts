import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkBackoff } from '../../src/reconnect/backoff.ts'
import { RetrySchedule } from '../../src/reconnect/retry-schedule.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const schedule = (): RetrySchedule =>
  new RetrySchedule({ backoff: checkBackoff({ base: 4000 }), stableAfter: 1000, random: () => 0.5 })

describe('the schedule of attempts', () => {
  it('backs off with each attempt, and counts them', () => {
    const retries = schedule()
    expect([retries.next('backoff'), retries.next('backoff'), retries.next('backoff'), retries.attempt]).toEqual([
      2000, 4000, 8000, 3,
    ])
    retries.reset()
    expect([retries.attempt, retries.next('backoff')]).toEqual([0, 2000])
  })

  it('is soon only the first time', () => {
    const retries = schedule()
    expect([retries.next('soon'), retries.next('soon')]).toEqual([500, 4000])
  })

  it('forgets the attempts after a connection that lasted, and after no shorter one', () => {
    const retries = schedule()
    retries.next('backoff')
    retries.opened()
    vi.advanceTimersByTime(999)
    retries.lost()
    vi.advanceTimersByTime(999)
    expect(retries.attempt).toBe(1)
    retries.opened()
    vi.advanceTimersByTime(1000)
    expect([retries.attempt, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('takes advice once, and none that was given to an earlier connection', () => {
    const retries = schedule()
    retries.advise(7000)
    expect([retries.next('soon'), retries.next('backoff')]).toEqual([7000, 4000])
    retries.advise(7000)
    retries.opened()
    retries.lost()
    expect(retries.next('backoff')).toBe(8000)
  })
})
