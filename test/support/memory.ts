/** How much memory something holds: heap and buffers after a full collection, before and behind it. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of heap and of buffers in use. */
export async function memoryInUse(): Promise<number> {
  // What waits for the next turn of the loop, finalizers included, is not held.
  for (let round = 0; round < 3; round++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + Math.max(external, arrayBuffers)
}

export const MiB = 1024 * 1024
