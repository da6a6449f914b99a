/**
 * The part of SQLite's interface that the embedded store uses, from whichever binding is there: Node's own, or on Nodes
 * without it the package `libsql`, whose binary comes inside the package.
 */
import { createRequire } from 'node:module'

export type SqlValue = string | number | null | Uint8Array

export interface Statement {
  run(...values: SqlValue[]): unknown
  get(...values: SqlValue[]): unknown
  all(...values: SqlValue[]): unknown[]
}

export interface Database {
  /** Which binding it is. */
  readonly driver: string
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

interface Binding {
  exec(sql: string): unknown
  prepare(sql: string): Pick<Statement, 'run' | 'all'>
  close(): unknown
}

type BindingClass = new (path: string) => Binding

const require = createRequire(import.meta.url)

/** Open a file. `driver` chooses a binding; by default it is Node's own where there is one. */
export function openDatabase(path: string, driver?: 'node:sqlite' | 'libsql'): Database {
  const own = driver === 'libsql' ? undefined : nodeSqlite()
  if (own === undefined && driver === 'node:sqlite') throw new Error('node:sqlite is not part of this Node')
  const Class = own ?? (require('libsql') as BindingClass)
  const database = new Class(path)
  return {
    driver: own === undefined ? 'libsql' : 'node:sqlite',
    exec: (sql) => void database.exec(sql),
    prepare: (sql) => complete(database.prepare(sql)),
    close: () => void database.close(),
  }
}

/** A row is read by reading all: a statement left half way keeps its read lock, and with it the journal from shrinking. */
function complete(statement: Pick<Statement, 'run' | 'all'>): Statement {
  return {
    run: (...values) => statement.run(...values),
    all: (...values) => statement.all(...values),
    get: (...values) => statement.all(...values)[0],
  }
}

/** Node's binding; Node 22 warns that it is experimental, which a user of the chat room cannot do anything about. */
function nodeSqlite(): BindingClass | undefined {
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (String(warning).includes('SQLite')) return
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  try {
    return (require('node:sqlite') as { DatabaseSync: BindingClass }).DatabaseSync
  } catch {
    return undefined
  } finally {
    process.emitWarning = emitWarning
  }
}
