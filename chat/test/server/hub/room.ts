/** A hub for each test of a file, on a clock that stands still; whatever it tells of errors fails the test. */
import { afterEach, beforeEach, vi } from 'vitest'
import { testHub, type TestHub } from '../../support/fake-peer.ts'

export let room: TestHub

/** Go on with a hub of other options in this test. */
export async function startAnew(options: Parameters<typeof testHub>[0]): Promise<void> {
  await room.hub.close()
  room = await testHub(options)
}

/** To be called once in a file. */
export function eachWithItsHub(): void {
  beforeEach(async () => {
    vi.useFakeTimers()
    room = await testHub()
  })
  afterEach(async () => {
    await room.hub.close()
    vi.useRealTimers()
    if (room.errors.length > 0) throw new AggregateError(room.errors, 'the hub told errors')
  })
}
