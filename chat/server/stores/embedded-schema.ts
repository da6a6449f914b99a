/** The tables of the embedded store, and what is checked when its file is opened. */
import { readFileSync } from 'node:fs'
import type { Database } from './sqlite-driver.ts'
import { newEpoch } from './entries.ts'

const VERSION = '1'

const TABLES = `
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists rooms (
  room text primary key, title text not null, epoch text not null, head integer not null, first integer not null
);
create table if not exists log (
  room text not null, seq integer not null, user text not null, cid text not null, kind text not null,
  target integer, entry text not null, primary key (room, seq)
) without rowid;
create unique index if not exists log_cid on log (room, user, cid);
create index if not exists log_target on log (room, target) where target is not null;
create table if not exists members (
  room text not null, user text not null, cursor integer not null, read integer not null, primary key (room, user)
) without rowid;
create index if not exists members_user on members (user);
create table if not exists seen (
  room text not null, user text not null, name text not null, here integer not null, at integer not null,
  primary key (room, user)
) without rowid;
create index if not exists seen_at on seen (room, here, at desc, user desc);
`

export interface OpenOptions {
  /** `full`: every commit is flushed to the disk before it is acknowledged. */
  readonly sync: 'normal' | 'full'
  /** Names the boot of this machine, or `undefined` where that cannot be told. */
  readonly bootId: string | undefined
}

/** Names the boot of this machine: it changes when the memory of the operating system was lost. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}

/**
 * Prepare a file: settings, tables, and the question whether something may be missing at the end of its logs. That is so
 * after a power cut with `normal`: positions that clients have seen could be given to other entries, so every log gets a
 * new epoch. A killed process alone loses nothing that was committed.
 */
export function prepareDatabase(database: Database, { sync, bootId }: OpenOptions): void {
  database.exec('pragma journal_mode = wal')
  database.exec(`pragma synchronous = ${sync}`)
  database.exec(TABLES)
  const read = (name: string): string | undefined =>
    (database.prepare('select value from meta where name = ?').get(name) as { value: string } | undefined)?.value
  const version = read('version') ?? VERSION
  if (version !== VERSION)
    throw new Error(`the file was written by another version (${version}, ${VERSION} is required)`)
  const opened = read('opened')
  const isSafe = opened === undefined || opened === 'closed' || (bootId !== undefined && opened === bootId)
  if (!isSafe && read('sync') !== 'full') {
    const rotate = database.prepare('update rooms set epoch = ? where room = ?')
    for (const row of database.prepare('select room from rooms').all())
      rotate.run(newEpoch(), (row as { room: string }).room)
  }
  // Whoever was there when the process was killed is not any more.
  database.exec('update seen set here = 0 where here = 1')
  writeMeta(database, 'version', VERSION)
  writeMeta(database, 'sync', sync)
  writeMeta(database, 'opened', bootId ?? 'open')
}

export function writeMeta(database: Database, name: string, value: string): void {
  database
    .prepare('insert into meta (name, value) values (?, ?) on conflict (name) do update set value = excluded.value')
    .run(name, value)
}
