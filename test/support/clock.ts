/** The clock of all deadlines, stopped: a test moves it by `vi.advanceTimersByTime`. Sockets and streams go on as ever. */
import { afterAll, beforeAll, vi } from 'vitest'

/** For all tests of a file: deadlines that one test leaves behind belong to the same clock as those of the next. */
export function stopClock(): void {
  beforeAll(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
  afterAll(() => void vi.useRealTimers())
}
