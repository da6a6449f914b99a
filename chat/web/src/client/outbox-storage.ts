/**
 * Where the outbox lies: IndexedDB, or plain memory where a browser refuses one (a private window, for example).
 */
import type { OutboxEntry, OutboxStorage } from './outbox.ts'

const DATABASE = 'barewire-chat'
const VERSION = 1
const STORE = 'outbox'
const BY_OWNER = 'owner'

/** Entries that last as long as the page. */
export function memoryStorage(): OutboxStorage {
  const entries = new Map<string, OutboxEntry>()
  return {
    load: async (owner) => [...entries.values()].filter((entry) => entry.owner === owner),
    put: async (entry) => void entries.set(entry.cid, entry),
    delete: async (cid) => void entries.delete(cid),
  }
}

/** Entries that survive a reload. When the database cannot be had, memory does the work. */
export function indexedDbStorage(factory: IDBFactory | undefined = globalThis.indexedDB): OutboxStorage {
  const fallback = memoryStorage()
  const opened = factory === undefined ? Promise.resolve(undefined) : open(factory)
  const attempt = async <T>(work: (store: IDBObjectStore) => IDBRequest, other: () => Promise<T>): Promise<T> => {
    const database = await opened
    if (database === undefined) return other()
    return (await settled(work(database.transaction(STORE, 'readwrite').objectStore(STORE)))) as T
  }
  return {
    load: (owner) =>
      attempt(
        (store) => store.index(BY_OWNER).getAll(owner),
        () => fallback.load(owner),
      ),
    put: (entry) =>
      attempt(
        (store) => store.put(entry),
        () => fallback.put(entry),
      ),
    delete: (cid) =>
      attempt(
        (store) => store.delete(cid),
        () => fallback.delete(cid),
      ),
  }
}

function open(factory: IDBFactory): Promise<IDBDatabase | undefined> {
  return new Promise((resolve) => {
    let request: IDBOpenDBRequest
    try {
      request = factory.open(DATABASE, VERSION)
    } catch {
      return resolve(undefined)
    }
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(STORE, { keyPath: 'cid' })
      store.createIndex(BY_OWNER, 'owner')
    }
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
    request.onerror = request.onblocked = () => resolve(undefined)
  })
}

function settled(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB refused'))
  })
}
