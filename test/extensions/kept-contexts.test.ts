import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ContextSlot, KeptContexts, SharedContext } from '../../src/extensions/kept-contexts.ts'
import type { ZlibContext } from '../../src/extensions/zlib-context.ts'

/** Objects that only tell whether they are open, and what happened to them. */
class Contexts {
  open = 0
  made = 0
  resets = 0
  readonly make = (): ZlibContext => {
    this.open += 1
    this.made += 1
    const close = (): void => void (this.open -= 1)
    const reset = (): void => void (this.resets += 1)
    return { close, reset } as unknown as ZlibContext
  }
}

function setup(): { kept: KeptContexts; contexts: Contexts; slot: () => ContextSlot } {
  const kept = new KeptContexts()
  return { kept, contexts: new Contexts(), slot: () => new ContextSlot(kept) }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('who keeps a zlib object', () => {
  it('from the second message on', () => {
    const { contexts, slot } = setup()
    const only = slot()
    expect(only.use(4, contexts.make)).toBeUndefined()
    const first = only.use(4, contexts.make)
    expect(first).toBeDefined()
    expect(only.use(4, contexts.make)).toBe(first)
    expect(contexts.made).toBe(1)
  })

  it('nobody with a limit of 0', () => {
    const { contexts, slot } = setup()
    const only = slot()
    for (let message = 0; message < 5; message++) expect(only.use(0, contexts.make)).toBeUndefined()
    expect(new SharedContext().use(0, contexts.make)).toBeUndefined()
    expect(contexts.made).toBe(0)
  })

  it('never more than the limit, and they keep it while all are as active', () => {
    const { contexts, slot } = setup()
    const slots = Array.from({ length: 10 }, slot)
    for (let round = 0; round < 20; round++) for (const each of slots) each.use(3, contexts.make)
    expect(contexts.open).toBe(3)
    expect(contexts.made).toBe(3)
  })

  it('a more active one takes the place of the one that has been silent for the longest time', () => {
    const { contexts, slot } = setup()
    const [silent, second, third, busy] = [slot(), slot(), slot(), slot()]
    for (let round = 0; round < 2; round++) for (const each of [silent, second, third]) each.use(3, contexts.make)
    const kept = second.use(3, contexts.make)
    busy.use(3, contexts.make)
    expect(busy.use(3, contexts.make)).toBeDefined()
    expect(contexts.open).toBe(3)
    expect(second.use(3, contexts.make)).toBe(kept)
    expect(silent.use(3, contexts.make)).toBeUndefined()
  })

  it('after it was dropped it takes two messages again', () => {
    const { kept, contexts, slot } = setup()
    const only = slot()
    only.use(4, contexts.make)
    only.use(4, contexts.make)
    only.drop()
    only.drop()
    expect(contexts.open).toBe(0)
    expect(kept.size).toBe(0)
    expect(only.use(4, contexts.make)).toBeUndefined()
    expect(only.use(4, contexts.make)).toBeDefined()
  })

  it('nobody where none can be made', () => {
    const { kept, slot } = setup()
    const only = slot()
    for (let message = 0; message < 3; message++) expect(only.use(4, () => undefined)).toBeUndefined()
    expect(kept.size).toBe(0)
  })

  it('who falls silent gives it back, and then no timer is left', () => {
    const { contexts, slot } = setup()
    const [silent, active] = [slot(), slot()]
    for (const each of [silent, active, silent, active]) each.use(4, contexts.make)
    vi.advanceTimersByTime(15_000)
    expect(contexts.open).toBe(2)
    active.use(4, contexts.make)
    vi.advanceTimersByTime(15_000)
    expect(contexts.open).toBe(1)
    vi.advanceTimersByTime(15_000)
    expect(contexts.open).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('one zlib object for everybody', () => {
  it('is emptied before each message but the first', () => {
    const contexts = new Contexts()
    const shared = new SharedContext()
    const first = shared.use(1, contexts.make)
    shared.drop()
    expect(shared.use(1, contexts.make)).toBe(first)
    expect([contexts.made, contexts.resets]).toEqual([1, 1])
  })
})
