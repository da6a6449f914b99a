import { expect, it } from 'vitest'
import { enqueuePoolJob, withdrawPoolJob } from '../../src/extensions/pool-queue.ts'

it('runs as many jobs at a time as allowed, in the order they came', () => {
  const started: number[] = []
  const releases: (() => void)[] = []
  for (let job = 0; job < 5; job++) {
    enqueuePoolJob(2, (release) => {
      started.push(job)
      releases.push(release)
    })
  }
  expect(started).toEqual([0, 1])
  releases[1]!()
  expect(started).toEqual([0, 1, 2])
  releases[0]!()
  releases[2]!()
  expect(started).toEqual([0, 1, 2, 3, 4])
  releases[3]!()
  releases[4]!()
})

it('a job that was taken back does not start, and one that runs goes on', () => {
  const started: string[] = []
  let releaseFirst = (): void => undefined
  const first = enqueuePoolJob(1, (release) => {
    started.push('first')
    releaseFirst = release
  })
  const second = enqueuePoolJob(1, () => started.push('second'))
  enqueuePoolJob(1, (release) => {
    started.push('third')
    release()
  })
  withdrawPoolJob(second)
  withdrawPoolJob(first)
  expect(started).toEqual(['first'])
  releaseFirst()
  expect(started).toEqual(['first', 'third'])
})

it('a job that is over before it has returned makes room for the next', () => {
  const started: number[] = []
  for (let job = 0; job < 1000; job++) {
    enqueuePoolJob(1, (release) => {
      started.push(job)
      release()
    })
  }
  expect(started).toHaveLength(1000)
})
