/** What a process holds on to, counted before and after: heap, other memory, handles, deadlines, file descriptors. */
import { readdirSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { wheel } from '../../src/node/timer-wheel.ts'

export interface Held {
  /** MiB of JavaScript objects, and of bytes outside of the heap. */
  readonly heap: number
  readonly buffers: number
  readonly handles: number
  readonly deadlines: number
  readonly descriptors: number
}

const MIB = 2 ** 20
/** What a fair measurement may be off by, in MiB: code that was compiled meanwhile, slabs that are kept for the next user. */
const HEAP_TOLERANCE = 6
const BUFFERS_TOLERANCE = 8

/** Handles that come and go with the process itself are no leak: signals, pipes of the output. */
function countHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => !/TTY|Pipe|Signal|Immediate/.test(name)).length
}

function countDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}

/** Collect garbage until it stays the same, then count. */
export async function measure(): Promise<Held> {
  let heap = Infinity
  for (let round = 0; round < 20; round++) {
    await wait(50)
    globalThis.gc?.()
    const used = process.memoryUsage().heapUsed
    if (round > 4 && Math.abs(heap - used) < 0.05 * MIB) break
    heap = used
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return {
    heap: heapUsed / MIB,
    buffers: Math.max(external, arrayBuffers) / MIB,
    handles: countHandles(),
    deadlines: wheel.size,
    descriptors: countDescriptors(),
  }
}

/** What has not come back to its start, in words. */
export function leaks(before: Held, after: Held): string[] {
  const found: string[] = []
  if (after.heap > before.heap + HEAP_TOLERANCE) found.push(`heap ${mib(before.heap)} -> ${mib(after.heap)}`)
  if (after.buffers > before.buffers + BUFFERS_TOLERANCE) {
    found.push(`buffers ${mib(before.buffers)} -> ${mib(after.buffers)}`)
  }
  for (const name of ['handles', 'deadlines', 'descriptors'] as const) {
    if (after[name] > before[name]) found.push(`${name} ${before[name]} -> ${after[name]}`)
  }
  return found
}

function mib(value: number): string {
  return `${value.toFixed(1)} MiB`
}

/** The most resident memory while something runs, in MiB above the start. */
export async function peakGrowth<T>(run: () => Promise<T>): Promise<{ result: T; growth: number }> {
  globalThis.gc?.()
  const start = process.memoryUsage.rss()
  let most = start
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 50)
  try {
    const result = await run()
    return { result, growth: (Math.max(most, process.memoryUsage.rss()) - start) / MIB }
  } finally {
    clearInterval(timer)
  }
}
