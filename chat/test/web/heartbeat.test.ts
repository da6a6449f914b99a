import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Heartbeat } from '../../web/src/client/heartbeat.ts'

describe('Heartbeat', () => {
  let pings = 0
  let deaths = 0
  const make = (random = 0.5): Heartbeat =>
    new Heartbeat({ every: 25_000, timeout: 10_000, ping: () => pings++, dead: () => deaths++, random: () => random })

  beforeEach(() => {
    vi.useFakeTimers()
    pings = deaths = 0
  })
  afterEach(() => vi.useRealTimers())

  it('pings first at a random point of the first interval, then every interval give or take 20 %', () => {
    const heart = make(0.5)
    heart.start()
    vi.advanceTimersByTime(12_499)
    expect(pings).toBe(0)
    vi.advanceTimersByTime(1)
    expect(pings).toBe(1)
    heart.alive()
    vi.advanceTimersByTime(25_000)
    expect(pings).toBe(2)
    expect(deaths).toBe(0)
  })

  it('keeps a connection alive for which any frame comes in time', () => {
    const heart = make()
    heart.start()
    for (let second = 0; second < 600; second++) {
      vi.advanceTimersByTime(1000)
      if (second % 9 === 0) heart.alive()
    }
    expect(deaths).toBe(0)
    expect(pings).toBe(24)
  })

  it('gives up 10 s after an unanswered ping, once, even when the next ping is due before', () => {
    const heart = new Heartbeat({
      every: 5000,
      timeout: 10_000,
      ping: () => pings++,
      dead: () => deaths++,
      random: () => 0,
    })
    heart.start()
    vi.advanceTimersByTime(0)
    expect(pings).toBe(1)
    vi.advanceTimersByTime(9999)
    expect(deaths).toBe(0)
    vi.advanceTimersByTime(1)
    expect(deaths).toBe(1)
    vi.advanceTimersByTime(100_000)
    expect(deaths).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('probes at once, with 3 s for an answer', () => {
    const heart = make()
    heart.start()
    heart.probe()
    expect(pings).toBe(1)
    vi.advanceTimersByTime(2999)
    expect(deaths).toBe(0)
    vi.advanceTimersByTime(1)
    expect(deaths).toBe(1)
  })

  it('does nothing once stopped', () => {
    const heart = make()
    heart.start()
    heart.stop()
    heart.probe()
    vi.advanceTimersByTime(100_000)
    expect([pings, deaths]).toEqual([0, 0])
  })
})
