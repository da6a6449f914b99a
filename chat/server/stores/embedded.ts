/** The durable backend in one file, with nothing to install. History, marks and memberships survive a killed process. */
import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { prepareDatabase, readBootId } from './embedded-schema.ts'
import { EmbeddedStore } from './embedded-store.ts'
import { LocalBus, LocalPresence } from './local.ts'
import { type Database, openDatabase } from './sqlite-driver.ts'
import { type Backend, BackendError } from './store.ts'

export interface EmbeddedOptions {
  readonly path: string
  /** Default `normal`: a commit survives a killed process; `full`: a power cut, too. */
  readonly sync?: 'normal' | 'full'
  readonly logMessages?: number
  readonly rooms?: number
  readonly driver?: 'node:sqlite' | 'libsql'
  /** Names the boot of the machine; for tests. */
  readonly bootId?: string
}

/** Open, or make, a file. Throws a sentence when it is in use or cannot be written. */
export function embeddedBackend(options: EmbeddedOptions): Backend {
  const path = resolve(options.path)
  const bus = new LocalBus()
  let database: Database
  let unlock: () => void
  try {
    mkdirSync(dirname(path), { recursive: true })
    unlock = lock(path, options.driver)
    database = openDatabase(path, options.driver)
    prepareDatabase(database, { sync: options.sync ?? 'normal', bootId: options.bootId ?? readBootId() })
  } catch (error) {
    const { message } = error as Error
    const why = message.includes('locked') ? 'another process uses it' : message
    throw new BackendError(`the store ${path} cannot be opened: ${why}`, { cause: error })
  }
  const store = new EmbeddedStore(database, bus, options)
  return {
    name: 'embedded',
    store,
    bus,
    presence: new LocalPresence(bus, store),
    pollMs: 0,
    close: async () => {
      await store.close()
      unlock()
    },
  }
}

/**
 * Keep other processes out: two would number entries apart. The lock is one of the operating system on a file beside, so that it
 * ends with the process however that ends. SQLite's own exclusive mode stays after `close` with one of the bindings.
 */
function lock(path: string, driver: EmbeddedOptions['driver']): () => void {
  const database = openDatabase(`${path}.lock`, driver)
  database.exec('begin exclusive')
  return () => {
    database.exec('rollback')
    database.close()
  }
}
