import { describe, expect, it, vi } from 'vitest'
import { LEGACY_PROFILES } from '../../server/legacy/profiles.ts'
import type { LegacySocket } from '../../server/legacy/legacy-socket.ts'
import { LegacySession } from '../../server/legacy/session.ts'
import { eachWithItsHub, room } from '../server/hub/room.ts'

const HOUR_MS = 3_600_000

eachWithItsHub()

/** A page whose socket answers pings, or does not. */
class FakePage implements LegacySocket {
  readonly address = '127.0.0.1'
  readonly bufferedAmount = 0
  readonly heard: string[] = []
  readonly session: LegacySession
  pings = 0
  closed: number | undefined
  #answers: boolean

  constructor(path: string, answers: boolean) {
    this.#answers = answers
    const profile = LEGACY_PROFILES.find((one) => one.path === path)!
    this.session = new LegacySession(room.hub, this, { profile, defaultRoom: 'general', token: undefined })
  }

  send(message: string | Uint8Array): void {
    this.heard.push(typeof message === 'string' ? message : new TextDecoder().decode(message))
  }

  ping(): void {
    this.pings += 1
    if (this.#answers) this.session.heard()
  }

  close(code: number): void {
    this.closed ??= code
    this.session.ended({ code, clean: true })
  }

  terminate(): void {
    this.close(1006)
  }
}

const LOGIN: Readonly<Record<string, object>> = {
  '/legacy/s0': { userName: 'Anna', roomId: 'general', event: 'login' },
  '/legacy/s1': { type: 'normal', user: 'Anna', message: 'hello' },
  '/legacy/s3': { event: 'enter', message: 'Anna', roomid: 'general' },
  '/legacy/s4': { name: 'Anna', roomid: 'general' },
}

describe.each(LEGACY_PROFILES.map(({ path }) => path))('the heartbeat of %s', (path) => {
  it('keeps a page that says nothing for an hour, as long as it answers pings', async () => {
    const page = new FakePage(path, true)
    page.session.receive(JSON.stringify(LOGIN[path]))
    await vi.advanceTimersByTimeAsync(HOUR_MS)
    expect(page.closed).toBeUndefined()
    // Every 25 seconds, again and again: no timer is cleared and forgotten.
    expect(page.pings).toBe(HOUR_MS / 25_000)
    page.session.ended({ code: 1000, clean: true })
    await vi.advanceTimersByTimeAsync(HOUR_MS)
    expect(page.pings).toBe(HOUR_MS / 25_000)
  })

  it('ends a page that answers nothing after a minute, whatever else ticks meanwhile', async () => {
    const page = new FakePage(path, false)
    page.session.receive(JSON.stringify(LOGIN[path]))
    await vi.advanceTimersByTimeAsync(59_000)
    expect(page.closed).toBeUndefined()
    await vi.advanceTimersByTimeAsync(2000)
    expect(page.closed).toBe(4201)
  })

  it('is told to nobody else, and counts nobody', async () => {
    const [page, other] = [new FakePage(path, true), new FakePage('/legacy/s3', true)]
    for (const one of [page, other]) one.session.receive(JSON.stringify(LOGIN[one === page ? path : '/legacy/s3']))
    await vi.advanceTimersByTimeAsync(1000)
    const before = other.heard.length
    for (const beat of [{ event: 'heartBeat' }, { event: 'heartbeat' }, { type: 'ping' }]) {
      const known = path === '/legacy/s0' ? 'heartBeat' : path === '/legacy/s1' ? 'ping' : 'heartbeat'
      if (Object.values(beat).includes(known)) page.session.receive(JSON.stringify(beat))
    }
    await vi.advanceTimersByTimeAsync(1000)
    expect(other.heard.slice(before)).toEqual([])
    expect(await room.backend.presence.counts(['general'])).toMatchObject([{ users: 2, conns: 2 }])
  })
})

it.each(['/legacy/s3', '/legacy/s4'])(
  'the server of %s beats every 5 s, and ends no page that answers each',
  async (path) => {
    const page = new FakePage(path, true)
    page.session.receive(JSON.stringify(LOGIN[path]))
    const beats = (): number => page.heard.filter((text) => text.includes('"heartbeat"')).length
    let answered = 0
    for (let tenths = 0; tenths < 1200; tenths += 1) {
      await vi.advanceTimersByTimeAsync(100)
      for (; answered < beats(); answered += 1) page.session.receive(JSON.stringify({ event: 'heartbeat' }))
    }
    expect(page.closed).toBeUndefined()
    expect(beats()).toBe(120 / 5)
    await vi.advanceTimersByTimeAsync(2000)
    page.session.receive(JSON.stringify({ event: 'heartbeat' }))
    expect(beats()).toBe(120 / 5 + 1)
  },
)

it('a page may say a lot at once before it was let in', async () => {
  const page = new FakePage('/legacy/s3', true)
  page.session.receive(JSON.stringify(LOGIN['/legacy/s3']))
  for (let i = 0; i < 10; i += 1) page.session.receive(JSON.stringify({ event: 'message', message: `${i}` }))
  await vi.advanceTimersByTimeAsync(1000)
  expect(page.closed).toBeUndefined()
  const said = page.heard.map((text) => JSON.parse(text) as { event: string; message: string })
  expect(said.filter(({ event }) => event === 'message').map(({ message }) => message)).toEqual([...'0123456789'])
  for (let i = 0; i < 30; i += 1) page.session.receive(JSON.stringify({ event: 'message', message: `${i}` }))
  expect(page.closed).toBeUndefined()
  const flood = new FakePage('/legacy/s3', true)
  flood.session.receive(JSON.stringify(LOGIN['/legacy/s3']))
  for (let i = 0; i < 30; i += 1) flood.session.receive(JSON.stringify({ event: 'message', message: `${i}` }))
  expect(flood.closed).toBe(4101)
})
