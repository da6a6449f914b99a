import { expect, it } from 'vitest'
import type { AppendRequest, Notice } from '../../server/stores/store.ts'
import { anna, bo, describeBackends } from '../support/backends.ts'
import { newCid } from '../support/fake-peer.ts'

function msg(text: string, more: Partial<AppendRequest> = {}): AppendRequest {
  return { room: 'general', from: anna, cid: newCid(), kind: 'msg', text, ts: 1_763_700_000_123, ...more }
}

describeBackends((backend) => {
  const seqs = async (range: { after?: number; before?: number; limit: number }): Promise<number[]> =>
    (await backend.store.range('general', range))!.entries.map(({ seq }) => seq)

  it('numbers entries 1, 2, 3 … in the order of the calls', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => backend.store.append(msg(`${i}`))))
    expect(results.map((result) => result.ok && result.seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    const page = await backend.store.range('general', { limit: 50 })
    expect(page!.entries.map((entry) => entry.kind === 'msg' && entry.text)).toEqual(results.map((_, i) => `${i}`))
    expect(page).toMatchObject({ head: 50, first: 1 })
  })

  it('gives back every field, whatever is in it', async () => {
    const text = 'a "quoted" \\ {"target":7} \u0000 line\nbreak 😀 北京'
    const request = msg(text, { from: bo, replyTo: 3 })
    await backend.store.append(request)
    const { entries, epoch } = (await backend.store.range('general', { limit: 1 }))!
    expect(entries).toEqual([
      { kind: 'msg', seq: 1, id: `${epoch}-1`, cid: request.cid, from: bo, ts: request.ts, text, replyTo: 3 },
    ])
  })

  it('stores a cid once per room and user, also when both come at once', async () => {
    const request = msg('once')
    const [first, second] = await Promise.all([backend.store.append(request), backend.store.append(request)])
    expect(first).toMatchObject({ ok: true, seq: 1, dup: false })
    expect(second).toMatchObject({ ok: true, seq: 1, dup: true, ts: request.ts })
    expect(await backend.store.append({ ...request, from: bo })).toMatchObject({ seq: 2, dup: false })
    await backend.store.createRoom('random', 'Random')
    expect(await backend.store.append({ ...request, room: 'random' })).toMatchObject({ seq: 1, dup: false })
  })

  it('reads pages after, before and at the end, always ascending', async () => {
    for (let i = 0; i < 10; i += 1) await backend.store.append(msg(`${i}`))
    expect(await seqs({ limit: 3 })).toEqual([8, 9, 10])
    expect(await seqs({ after: 2, limit: 3 })).toEqual([3, 4, 5])
    expect(await seqs({ after: 9, limit: 3 })).toEqual([10])
    expect(await seqs({ after: 10, limit: 3 })).toEqual([])
    expect(await seqs({ before: 3, limit: 5 })).toEqual([1, 2])
    expect(await seqs({ before: 1, limit: 5 })).toEqual([])
    expect(await seqs({ limit: 500 })).toHaveLength(10)
  })

  it('keeps at least as many entries as it should, and tells which is the first', async () => {
    await Promise.all(Array.from({ length: 400 }, (_, i) => backend.store.append(msg(`${i}`))))
    const { head, first } = (await backend.store.log('general'))!
    expect(head).toBe(400)
    // A store may trim roughly, by blocks of about a hundred, but not below what it must keep.
    expect(first).toBeGreaterThan(1)
    expect(first).toBeLessThanOrEqual(301)
    expect((await seqs({ after: 0, limit: 1 }))[0]).toBe(first)
  })

  it('changes messages for their author alone, and shows the change wherever they are read', async () => {
    await backend.store.append(msg('helo'))
    const edit = (more: Partial<AppendRequest>) =>
      backend.store.append(msg('hello', { kind: 'edit', target: 1, ...more }))
    expect(await edit({ from: bo })).toEqual({ ok: false, error: 'forbidden' })
    expect(await edit({ target: 9 })).toEqual({ ok: false, error: 'no_message' })
    expect(await edit({})).toMatchObject({ ok: true, seq: 2 })
    expect(await edit({ target: 2 })).toEqual({ ok: false, error: 'no_message' })
    const edited = (await backend.store.range('general', { limit: 5 }))!.entries
    expect(edited[0]).toMatchObject({ kind: 'msg', text: 'hello', edited: 1_763_700_000_123 })
    expect(edited[1]).toMatchObject({ kind: 'edit', target: 1, text: 'hello' })
    expect(await backend.store.append(msg('', { kind: 'delete', target: 1 }))).toMatchObject({ ok: true, seq: 3 })
    expect(await edit({})).toEqual({ ok: false, error: 'conflict' })
    const deleted = (await backend.store.range('general', { limit: 5 }))!.entries
    expect(deleted[0]).toMatchObject({ kind: 'msg', text: '', deleted: 1_763_700_000_123 })
    expect(deleted[1]).toMatchObject({ kind: 'edit', text: '' })
    expect(deleted[2]).toMatchObject({ kind: 'delete', target: 1 })
  })

  it('knows its rooms, refuses the one too many, and answers nothing for unknown ones', async () => {
    expect(await backend.store.createRoom('general', 'x')).toBe('exists')
    for (const room of ['__proto__', 'constructor', 'b', 'a']) {
      expect(await backend.store.createRoom(room, room.toUpperCase())).toBe('created')
    }
    expect(await backend.store.createRoom('more', 'More')).toBe('full')
    expect((await backend.store.rooms()).map(({ room }) => room)).toEqual([
      'general',
      '__proto__',
      'constructor',
      'b',
      'a',
    ])
    expect((await backend.store.rooms())[0]).toEqual({ room: 'general', title: 'General', head: 0, members: 0 })
    expect(await backend.store.log('nowhere')).toBeUndefined()
    expect(await backend.store.range('nowhere', { limit: 1 })).toBeUndefined()
    expect(await backend.store.append(msg('x', { room: 'nowhere' }))).toEqual({ ok: false, error: 'no_room' })
  })

  it('keeps the marks of members, which only move forward and never past the head', async () => {
    await backend.store.append(msg('1'))
    expect(await backend.store.enrol('general', 'u-anna')).toEqual({ cursor: 1, read: 1 })
    for (let i = 0; i < 4; i += 1) await backend.store.append(msg(`${i}`))
    await backend.store.mark('general', 'u-anna', 'cursor', 4)
    await backend.store.mark('general', 'u-anna', 'cursor', 2)
    await backend.store.mark('general', 'u-anna', 'read', 99)
    await backend.store.mark('general', 'u-nobody', 'read', 1)
    expect(await backend.store.enrol('general', 'u-anna')).toEqual({ cursor: 4, read: 5 })
    await backend.store.enrol('general', 'g-bo')
    expect(await backend.store.memberCount('general')).toBe(2)
    expect([...(await backend.store.memberships('u-anna'))]).toEqual([['general', { cursor: 4, read: 5 }]])
    await backend.store.forget('general', 'u-anna')
    expect(await backend.store.memberCount('general')).toBe(1)
    expect((await backend.store.memberships('u-anna')).size).toBe(0)
  })

  it('publishes entries to subscribed rooms, in order', async () => {
    await backend.bus.subscribe('general')
    await backend.store.createRoom('random', 'Random')
    await backend.store.append(msg('elsewhere', { room: 'random' }))
    const results = await Promise.all(['a', 'b', 'c'].map((text) => backend.store.append(msg(text))))
    await backend.heard(() => backend.notices.length >= 3)
    const { epoch } = (await backend.store.log('general'))!
    expect(backend.notices.map(({ notice }) => notice.kind === 'entry' && [notice.epoch, notice.entry.seq])).toEqual(
      results.map((result) => [epoch, result.ok && result.seq]),
    )
    await backend.bus.unsubscribe('general')
    await backend.store.append(msg('d'))
    expect(backend.notices).toHaveLength(3)
  })

  it('carries other notices as they are', async () => {
    await backend.bus.subscribe('general')
    const notice: Notice = { kind: 'typing', user: bo, on: true }
    await backend.bus.publish('general', notice)
    await backend.heard(() => backend.notices.length > 0)
    expect(backend.notices).toEqual([{ room: 'general', notice }])
  })

  it('keeps a secret', async () => {
    const one = await backend.store.secret('guests')
    expect(one).toHaveLength(32)
    expect(Buffer.from(await backend.store.secret('guests'))).toEqual(Buffer.from(one))
    expect(Buffer.from(await backend.store.secret('other'))).not.toEqual(Buffer.from(one))
    await backend.store.check()
  })
})
