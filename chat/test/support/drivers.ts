/** The backends that have to keep the same contract, each with nothing in it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasRedis, RedisServer } from '../../load/redis-server.ts'
import { embeddedBackend } from '../../server/stores/embedded.ts'
import { memoryBackend } from '../../server/stores/memory.ts'
import { redisBackend } from '../../server/stores/redis.ts'
import type { Backend } from '../../server/stores/store.ts'

export interface Driver {
  readonly name: string
  readonly skip?: boolean
  make(options: { logMessages?: number; rooms?: number }): Promise<Backend>
  stop?(): Promise<void>
}

const folder = mkdtempSync(join(tmpdir(), 'chat-store-'))
let files = 0
let redis: RedisServer | undefined

const embedded = (driver: 'node:sqlite' | 'libsql'): Driver => ({
  name: `embedded (${driver})`,
  skip: driver === 'node:sqlite' && Number(process.versions.node.split('.')[0]) < 22,
  make: async (options) => embeddedBackend({ path: join(folder, `${(files += 1)}.db`), driver, ...options }),
})

export const DRIVERS: readonly Driver[] = [
  { name: 'memory', make: async (options) => memoryBackend(options) },
  embedded('libsql'),
  embedded('node:sqlite'),
  {
    name: 'redis',
    skip: !hasRedis(),
    make: async (options) => {
      redis ??= await RedisServer.start()
      return redisBackend({ url: redis.url, prefix: `t${(files += 1)}:`, onError: () => {}, ...options })
    },
    stop: async () => redis?.stop(),
  },
]

/** At the very end: give back what the drivers used. */
export function removeFiles(): void {
  rmSync(folder, { recursive: true, force: true })
}
