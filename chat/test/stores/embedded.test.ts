import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { embeddedBackend, type EmbeddedOptions } from '../../server/stores/embedded.ts'
import { GroupCommit } from '../../server/stores/group-commit.ts'
import type { AppendRequest } from '../../server/stores/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'chat-embedded-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const newPath = (): string => join(folder, `${(count += 1)}`, 'chat.db')
const driver = 'libsql'

function msg(text: string): AppendRequest {
  const cid = text.padStart(22, '0')
  return { room: 'general', from: { id: 'u-anna', name: 'Anna' }, cid, kind: 'msg', text, ts: 5 }
}

async function withMessages(options: EmbeddedOptions): Promise<string> {
  const { store, close } = embeddedBackend(options)
  await store.createRoom('general', 'General')
  await store.enrol('general', 'u-bo')
  for (const text of ['a', 'b', 'c']) await store.append(msg(text))
  await store.mark('general', 'u-bo', 'cursor', 2)
  const { epoch } = (await store.log('general'))!
  await close()
  return epoch
}

describe('the embedded store', () => {
  it('has everything after a restart: log, epoch, marks, cids, secrets', async () => {
    const path = newPath()
    const epoch = await withMessages({ path, driver })
    const { store, close } = embeddedBackend({ path, driver })
    expect(await store.log('general')).toEqual({ epoch, head: 3, first: 1 })
    expect(await store.append(msg('b'))).toMatchObject({ seq: 2, dup: true, ts: 5 })
    expect(await store.append(msg('d'))).toMatchObject({ seq: 4, dup: false })
    expect(await store.enrol('general', 'u-bo')).toEqual({ cursor: 2, read: 0 })
    expect(await store.rooms()).toEqual([{ room: 'general', title: 'General', head: 4, members: 1 }])
    await close()
  })

  it('knows after a restart who was away, and takes nobody for present', async () => {
    const path = newPath()
    const [anna, bo] = [
      { id: 'u-anna', name: 'Anna' },
      { id: 'u-bo', name: 'Bo' },
    ]
    const first = embeddedBackend({ path, driver })
    await first.store.createRoom('general', 'General')
    for (const user of [anna, bo]) {
      await first.store.enrol('general', user.id)
      await first.presence.enter('general', user.id, user)
    }
    await first.presence.leave('general', anna.id, anna)
    const { list } = await first.presence.absent('general', undefined, 10)
    expect(list).toEqual([{ ...anna, seen: expect.any(Number) }])
    // Bo is there when the process ends.
    await first.close()
    const second = embeddedBackend({ path, driver })
    const { list: after } = await second.presence.absent('general', undefined, 10)
    expect(after.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      list[0],
      { ...bo, seen: expect.any(Number) },
    ])
    await second.close()
  })

  it('loses nothing acknowledged when the process is killed with SIGKILL', async () => {
    const path = newPath()
    const program = fileURLToPath(new URL('../support/append-forever.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', 'tsx', program, path, driver])
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (printed.length > 2000) child.kill('SIGKILL')
    })
    await once(child, 'close')
    // The last line may be cut off.
    const acknowledged = printed.split('\n').slice(0, -1).map(Number)
    expect(acknowledged.length).toBeGreaterThan(100)
    const { store, close } = embeddedBackend({ path, driver })
    const { head } = (await store.log('general'))!
    expect(head).toBeGreaterThanOrEqual(acknowledged.at(-1)!)
    const page = (await store.range('general', { after: 0, limit: 1_000_000 }))!
    expect(page.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, i) => i + 1))
    expect((await store.memberships('u-bo')).get('general')).toEqual({ cursor: 0, read: 0 })
    await close()
  })

  it.each([
    ['keeps the epochs after a killed process', { bootId: 'boot-1' }, { bootId: 'boot-1' }, true],
    ['gives new epochs after a power cut', { bootId: 'boot-1' }, { bootId: 'boot-2' }, false],
    [
      'keeps the epochs after a power cut with sync=full',
      { bootId: 'boot-1', sync: 'full' },
      { bootId: 'boot-2', sync: 'full' },
      true,
    ],
  ] as const)('%s', async (_name, before, after, isKept) => {
    const path = newPath()
    const epoch = await withMessages({ path, driver, ...before })
    // As a process that is killed leaves it: not closed.
    const { openDatabase } = await import('../../server/stores/sqlite-driver.ts')
    const database = openDatabase(path, driver)
    database.exec(`update meta set value = '${before.bootId}' where name = 'opened'`)
    database.close()
    const { store, close } = embeddedBackend({ path, driver, ...after })
    expect((await store.log('general'))!.epoch === epoch).toBe(isKept)
    expect((await store.log('general'))!.head).toBe(3)
    await close()
  })

  it('says what an ack means', async () => {
    const normal = embeddedBackend({ path: newPath(), driver })
    expect(normal.store.durability).toBe('process')
    await normal.close()
    const full = embeddedBackend({ path: newPath(), driver, sync: 'full' })
    expect(full.store.durability).toBe('disk')
    await full.close()
    await expect(full.store.append(msg('x'))).rejects.toThrow('closed')
  })

  it('says so when another process uses the file', async () => {
    const path = newPath()
    const first = embeddedBackend({ path, driver })
    await first.store.createRoom('general', 'General')
    expect(() => embeddedBackend({ path, driver })).toThrow('another process uses it')
    await first.close()
  })
})

describe('the group commit', () => {
  it('commits what one turn asks for together, and rejects all of a transaction that fails', async () => {
    const log: string[] = []
    let fails = false
    const commits = new GroupCommit({
      begin: () => void log.push('begin'),
      commit: () => {
        if (fails) throw new Error('disk full')
        log.push('commit')
      },
      rollback: () => void log.push('rollback'),
    })
    expect(await Promise.all([1, 2, 3].map((n) => commits.add(() => n)))).toEqual([1, 2, 3])
    expect(log).toEqual(['begin', 'commit'])
    fails = true
    const results = await Promise.allSettled([1, 2].map((n) => commits.add(() => n)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(log.slice(2)).toEqual(['begin', 'rollback'])
  })
})
