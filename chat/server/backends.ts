/** Makes the backend that the configuration names. */
import type { Config } from './config.ts'
import { memoryBackend } from './stores/memory.ts'
import type { Backend } from './stores/store.ts'

/** The driver is loaded only when it is used: each brings its own dependency. */
export async function createBackend(
  { STORE, REDIS_URL }: Pick<Config, 'STORE' | 'REDIS_URL'>,
  onError: (error: unknown) => void,
): Promise<Backend> {
  if (STORE === 'memory') return memoryBackend()
  if (STORE === 'redis') {
    const { redisBackend } = await import('./stores/redis.ts')
    return redisBackend({ url: REDIS_URL, onError })
  }
  const { embeddedBackend } = await import('./stores/embedded.ts')
  const [path, query] = STORE.slice('file:'.length).split('?', 2)
  return embeddedBackend({ path: path!, sync: query === 'sync=full' ? 'full' : 'normal' })
}
