import { beforeEach, describe, expect, it, vi } from 'vitest'
import { TOAST_STAY, Toasts, TOASTS_MOST } from '../../web/src/state/toasts.ts'

const texts = (toasts: Toasts): string[] => toasts.list.value.map(({ text }) => text)

describe('Toasts', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    return () => vi.useRealTimers()
  })

  it('leave by themselves, each in its time', () => {
    const toasts = new Toasts()
    toasts.show('good', 'first')
    vi.advanceTimersByTime(TOAST_STAY - 1000)
    toasts.show('bad', 'second')
    vi.advanceTimersByTime(999)
    expect(texts(toasts)).toEqual(['first', 'second'])
    vi.advanceTimersByTime(1)
    expect(texts(toasts)).toEqual(['second'])
    vi.advanceTimersByTime(TOAST_STAY - 1000)
    expect(texts(toasts)).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('are three at most: one more sends the oldest away', () => {
    const toasts = new Toasts()
    for (let n = 1; n <= TOASTS_MOST + 2; n++) toasts.show('good', `notice ${n}`)
    expect(texts(toasts)).toEqual(['notice 3', 'notice 4', 'notice 5'])
    expect(vi.getTimerCount()).toBe(TOASTS_MOST)
  })

  it('can be dismissed, and leave no timer behind', () => {
    const toasts = new Toasts()
    toasts.show('good', 'goes')
    toasts.show('bad', 'stays')
    toasts.dismiss(toasts.list.value[0]!.id)
    toasts.dismiss(12_345)
    expect(toasts.list.value.map(({ tone, text }) => [tone, text])).toEqual([['bad', 'stays']])
    expect(vi.getTimerCount()).toBe(1)
  })

  it('wait while somebody reads them, and then stay as long as was left', () => {
    const toasts = new Toasts()
    toasts.show('good', 'before')
    vi.advanceTimersByTime(TOAST_STAY - 1000)
    toasts.hold()
    toasts.hold()
    toasts.show('good', 'meanwhile')
    vi.advanceTimersByTime(10 * TOAST_STAY)
    expect(texts(toasts)).toEqual(['before', 'meanwhile'])
    toasts.release()
    toasts.release()
    vi.advanceTimersByTime(999)
    expect(texts(toasts)).toEqual(['before', 'meanwhile'])
    vi.advanceTimersByTime(1)
    expect(texts(toasts)).toEqual(['meanwhile'])
    toasts.hold()
    toasts.release()
    vi.advanceTimersByTime(TOAST_STAY - 1001)
    expect(texts(toasts)).toEqual(['meanwhile'])
    vi.advanceTimersByTime(1)
    expect(texts(toasts)).toEqual([])
  })

  it('say the same anew, not twice', () => {
    const toasts = new Toasts()
    toasts.show('bad', 'too fast')
    const { id } = toasts.list.value[0]!
    toasts.show('good', 'something else')
    vi.advanceTimersByTime(TOAST_STAY - 1)
    toasts.show('bad', 'too fast')
    expect(texts(toasts)).toEqual(['something else', 'too fast'])
    expect(toasts.list.value[1]!.id).not.toBe(id)
    vi.advanceTimersByTime(1)
    expect(texts(toasts)).toEqual(['too fast'])
  })
})
