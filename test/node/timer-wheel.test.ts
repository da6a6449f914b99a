import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Alarm, TICK_MS, TimerWheel } from '../../src/node/timer-wheel.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('The wheel of deadlines', () => {
  it('rings each when it is due, at most a tick late', () => {
    const wheel = new TimerWheel()
    const start = performance.now()
    const late: number[] = []
    for (const delay of [1, 99, 100, 101, 1000, 51_200, 60_000, 200_000]) {
      wheel.set(new Alarm(() => late.push(performance.now() - start - delay)), delay)
    }
    vi.advanceTimersByTime(300_000)
    expect(late.length).toBe(8)
    for (const by of late) {
      expect(by).toBeGreaterThanOrEqual(0)
      expect(by).toBeLessThanOrEqual(2 * TICK_MS)
    }
  })

  it('turns only while there is something in it', () => {
    const wheel = new TimerWheel()
    const one = new Alarm(() => {})
    expect(vi.getTimerCount()).toBe(0)
    wheel.set(one, 500)
    wheel.set(new Alarm(() => {}), 700)
    expect([wheel.size, vi.getTimerCount()]).toEqual([2, 1])
    wheel.clear(one)
    wheel.clear(one)
    expect(wheel.size).toBe(1)
    vi.advanceTimersByTime(1000)
    expect([wheel.size, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('rings nothing that was taken back, and what was set anew at its new time alone', () => {
    const wheel = new TimerWheel()
    const rung: string[] = []
    const gone = new Alarm(() => rung.push('gone'))
    const moved = new Alarm(() => rung.push('moved'))
    wheel.set(gone, 300)
    wheel.set(moved, 300)
    wheel.set(moved, 900)
    wheel.clear(gone)
    vi.advanceTimersByTime(800)
    expect(rung).toEqual([])
    vi.advanceTimersByTime(300)
    expect(rung).toEqual(['moved'])
  })

  it('lets one take another back, and itself, that are due in the same tick', () => {
    const wheel = new TimerWheel()
    const rung: string[] = []
    const second: Alarm = new Alarm(() => rung.push('second'))
    const first = new Alarm(() => {
      rung.push('first')
      wheel.clear(second)
      wheel.clear(first)
    })
    wheel.set(first, 300)
    wheel.set(second, 300)
    vi.advanceTimersByTime(1000)
    expect([rung, wheel.size, vi.getTimerCount()]).toEqual([['first'], 0, 0])
  })

  it('lets one set another anew that is due in the same tick, and itself', () => {
    const wheel = new TimerWheel()
    const rung: string[] = []
    const second: Alarm = new Alarm(() => rung.push('second'))
    const first: Alarm = new Alarm(() => {
      rung.push('first')
      wheel.set(second, 51_100)
      if (rung.length === 1) wheel.set(first, 100)
    })
    wheel.set(first, 300)
    wheel.set(second, 300)
    vi.advanceTimersByTime(50_000)
    expect(rung).toEqual(['first', 'first'])
    vi.advanceTimersByTime(10_000)
    expect(rung).toEqual(['first', 'first', 'second'])
    expect([wheel.size, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('misses nothing while the process slept', () => {
    const wheel = new TimerWheel()
    let rung = 0
    for (let delay = 100; delay <= 60_000; delay += 700) wheel.set(new Alarm(() => rung++), delay)
    // The clock goes on, the timer does not.
    const now = vi.spyOn(wheel, 'now').mockReturnValue(performance.now() + 100_000)
    vi.advanceTimersByTime(TICK_MS)
    now.mockRestore()
    expect([rung, wheel.size]).toEqual([86, 0])
  })
})
