/**
 * One queue for everything that goes through zlib's thread pool, so that large messages neither starve the file system
 * nor hold the memory of hundreds of zlib objects at a time. First come, first served is fair here: a connection
 * has at most one message to compress and one to decompress under way, and small messages never come here.
 */

/** A piece of work for the pool. */
export interface PoolJob {
  /** How many jobs of this process may run while this one does. */
  readonly limit: number
  /** Called when its turn has come; calls `release` once when the pool is done with it. */
  readonly start: (release: () => void) => void
}

const waiting = new Set<PoolJob>()
let running = 0

/** Start a job, now or when enough others have been released. */
export function enqueuePoolJob(limit: number, start: PoolJob['start']): PoolJob {
  const job = { limit, start }
  waiting.add(job)
  startWaiting()
  return job
}

/** Take a job back; nothing happens to one that has been started. */
export function withdrawPoolJob(job: PoolJob): void {
  if (waiting.delete(job)) startWaiting()
}

function startWaiting(): void {
  for (const job of waiting) {
    if (running >= job.limit) return
    waiting.delete(job)
    running += 1
    job.start(release)
  }
}

function release(): void {
  running -= 1
  startWaiting()
}
