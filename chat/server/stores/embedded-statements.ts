/** Every statement of the embedded store, prepared once. */
import type { Database, Statement } from './sqlite-driver.ts'

const SQL = {
  insertRoom: 'insert into rooms (room, title, epoch, head, first) values (?, ?, ?, 0, 1)',
  insertEntry: 'insert into log (room, seq, user, cid, kind, target, entry) values (?, ?, ?, ?, ?, ?, ?)',
  setHead: 'update rooms set head = ?, first = ? where room = ?',
  trim: 'delete from log where room = ? and seq < ?',
  byCid: 'select seq, entry from log where room = ? and user = ? and cid = ?',
  bySeq: 'select seq, user, kind, entry from log where room = ? and seq = ?',
  byTarget: "select seq, user, kind, entry from log where room = ? and target = ? and kind = 'edit'",
  setEntry: 'update log set entry = ? where room = ? and seq = ?',
  range: 'select entry from log where room = ? and seq between ? and ? order by seq',
  marks: 'select cursor, read from members where room = ? and user = ?',
  enrol: 'insert into members (room, user, cursor, read) values (?, ?, ?, ?)',
  forget: 'delete from members where room = ? and user = ?',
  cursor: 'update members set cursor = max(cursor, ?) where room = ? and user = ?',
  read: 'update members set read = max(read, ?) where room = ? and user = ?',
  memberships: 'select room, cursor, read from members where user = ?',
  saw: `insert into seen (room, user, name, here, at) values (?, ?, ?, ?, ?)
    on conflict (room, user) do update set name = excluded.name, here = excluded.here, at = excluded.at`,
  unsee: 'delete from seen where room = ? and user = ?',
  away: `select user as id, name, at as seen from seen
    where room = ? and here = 0 and (at, user) < (?, ?) order by at desc, user desc limit ?`,
  trimAway: `delete from seen where room = ?1 and here = 0 and user in
    (select user from seen where room = ?1 and here = 0 order by at desc, user desc limit -1 offset ?2)`,
  rooms:
    'select room, title, epoch, head, first, (select count(*) from members m where m.room = r.room) as members from rooms r order by rowid',
} as const

export type Statements = Readonly<Record<keyof typeof SQL, Statement>>

export function prepareStatements(database: Database): Statements {
  const prepared = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
  return Object.fromEntries(prepared) as Statements
}
