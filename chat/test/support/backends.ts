/** What all backends have to keep is tested on each of them, beginning with one room and nothing in it. */
import { afterAll, afterEach, beforeEach, describe } from 'vitest'
import type { User } from '../../protocol/index.ts'
import type { Backend, Notice } from '../../server/stores/store.ts'
import { DRIVERS, removeFiles } from './drivers.ts'

export const anna: User = { id: 'u-anna', name: 'Anna' }
export const bo: User = { id: 'g-bo', name: 'Bo "the" 北' }

/** The backend of a test, and what it told. */
export interface TestedBackend extends Pick<Backend, 'store' | 'bus' | 'presence'> {
  readonly notices: readonly { readonly room: string; readonly notice: Notice }[]
  /** Resolves with the notice that makes it true. */
  heard(until: () => boolean): Promise<void>
}

/** The same tests for every backend that runs here, each with a backend of its own, which has the room `general`. */
export function describeBackends(tests: (backend: TestedBackend) => void): void {
  afterAll(removeFiles)
  describe.each(DRIVERS.filter(({ skip }) => skip !== true))('the $name backend', { timeout: 60_000 }, (driver) => {
    let backend: Backend
    let notices: { room: string; notice: Notice }[]
    let waiting: { until: () => boolean; resolve: () => void }[]

    beforeEach(async () => {
      backend = await driver.make({ logMessages: 100, rooms: 5 })
      notices = []
      waiting = []
      backend.bus.listen((room, notice) => {
        notices.push({ room, notice })
        for (const { until, resolve } of waiting) if (until()) resolve()
      })
      await backend.store.createRoom('general', 'General')
    })

    afterEach(() => backend.close())
    afterAll(() => driver.stop?.())

    tests({
      get store() {
        return backend.store
      },
      get bus() {
        return backend.bus
      },
      get presence() {
        return backend.presence
      },
      get notices() {
        return notices
      },
      heard: (until) => (until() ? Promise.resolve() : new Promise((resolve) => waiting.push({ until, resolve }))),
    })
  })
}
