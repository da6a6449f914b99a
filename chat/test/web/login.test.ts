import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Login, type Identity } from '../../web/src/client/login.ts'
import { RequestError, type Requests } from '../../web/src/client/requests.ts'
import { ADA, HELLO } from './fake-socket.ts'

const AS_ADA: Identity = { name: 'Ada', owner: 'tab-1' }
const WITH_TOKEN: Identity = { name: '', owner: 'tab-1', token: 'a.b.c' }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A login whose server gives these answers, one after the other. */
function login(answers: (object | RequestError)[], hello: object = HELLO.d, previous?: string) {
  const asked: unknown[] = []
  const accepted: Identity[] = []
  const onstranger = vi.fn<() => void>()
  const requests = {
    ask: async (_type: string, d: object) => {
      asked.push(d)
      const answer = answers.shift()
      if (answer instanceof RequestError) throw answer
      return answer
    },
  } as unknown as Requests
  const desk = new Login({
    link: { requests, hello: hello as never, previous },
    onchange: () => {},
    onaccepted: (identity) => accepted.push(identity),
    onstranger,
  })
  return { desk, asked, accepted, onstranger }
}

const refused = (reason: string): RequestError =>
  new RequestError({ code: 4010, name: 'unauthorized', retry: false, reason, detail: 'for developers' })

describe('the login', () => {
  it('keeps what proves to be the same guest again', async () => {
    const { desk, asked, accepted } = login([
      { user: ADA, session: 's1', rooms: [] },
      { user: ADA, session: 's1', rooms: [] },
    ])
    desk.become(AS_ADA)
    await desk.authenticate()
    await desk.authenticate()
    expect(asked).toEqual([{ guest: { name: 'Ada' } }, { guest: { name: 'Ada', session: 's1' } }])
    expect(accepted[0]).toEqual({ ...AS_ADA, session: 's1' })
  })

  it.each([
    ['a name', AS_ADA, HELLO.d, 'guest'],
    ['a guest', AS_ADA, { ...HELLO.d, guests: false }, 'guest'],
    ['a token', WITH_TOKEN, { ...HELLO.d, guests: false }, 'token'],
  ])('tells that %s was refused, and does not ask again with the same', async (_what, identity, hello, of) => {
    const { desk, asked } = login([refused('why'), { user: ADA, rooms: [] }], hello)
    desk.become(identity)
    await desk.authenticate()
    expect([desk.refusal, desk.isSomebody]).toEqual([{ of, reason: 'why' }, false])
    await desk.authenticate()
    expect(asked).toHaveLength(1)
    desk.become({ ...identity, name: 'another' })
    await desk.authenticate()
    expect([desk.refusal, desk.user]).toEqual([undefined, ADA])
  })

  it('asks again when it is told to come later', async () => {
    const later = new RequestError({ code: 4290, name: 'rate_limited', retry: true, afterMs: 300 })
    const { desk, asked } = login([later, { user: ADA, rooms: [] }])
    desk.become(AS_ADA)
    await desk.authenticate()
    await vi.advanceTimersByTimeAsync(299)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(desk.user).toEqual(ADA)
  })

  it('gives a guest word again before it ends; a token is for the user to replace', async () => {
    const guest = login([{ user: ADA, rooms: [] }])
    guest.desk.become(AS_ADA)
    guest.desk.expires(5000)
    await vi.advanceTimersByTimeAsync(0)
    expect([guest.asked.length, guest.desk.expiring]).toEqual([1, undefined])
    const holder = login([{ user: ADA, rooms: [] }])
    holder.desk.become(WITH_TOKEN)
    holder.desk.expires(5000)
    expect([holder.asked.length, holder.desk.expiring]).toEqual([0, 5000])
    holder.desk.become({ ...WITH_TOKEN, token: 'd.e.f' })
    await holder.desk.authenticate()
    expect([holder.asked, holder.desk.expiring]).toEqual([[{ token: 'd.e.f' }], undefined])
  })

  it('names the connection that it replaces, and treats a token that was revoked as refused', async () => {
    const { desk, asked } = login([{ user: ADA, rooms: [] }], HELLO.d, 'c0')
    desk.become(WITH_TOKEN)
    await desk.authenticate()
    expect(asked).toEqual([{ token: 'a.b.c', replaces: 'c0' }])
    desk.revoked()
    expect([desk.refusal, desk.isSomebody]).toEqual([{ of: 'token', reason: 'revoked' }, false])
    desk.become(AS_ADA)
    desk.revoked()
    expect(desk.isSomebody).toBe(true)
  })

  it('does not hear an answer that was meant for an earlier identity', async () => {
    const { desk, accepted } = login([refused('old'), { user: ADA, rooms: [] }])
    desk.become(WITH_TOKEN)
    const first = desk.authenticate()
    desk.become(AS_ADA)
    await first
    expect([desk.refusal, accepted]).toEqual([undefined, []])
  })
  it('does not take the token of somebody else for a renewal, however often it is given', async () => {
    const EVE = { id: 'u-eve', name: 'Eve' }
    const { desk, accepted, onstranger } = login([
      { user: ADA, rooms: [] },
      { user: EVE, rooms: [] },
      { user: EVE, rooms: [] },
      { user: ADA, rooms: [] },
      { user: EVE, rooms: [] },
    ])
    desk.become(WITH_TOKEN)
    await desk.authenticate()
    expect(accepted).toEqual([{ ...WITH_TOKEN, name: 'Ada', user: ADA.id }])
    const renewed = { ...accepted[0]!, token: 'd.e.f' }
    for (let times = 1; times <= 2; times += 1) {
      desk.become(renewed)
      await desk.authenticate()
      expect([desk.refusal, desk.user]).toEqual([{ of: 'token', reason: 'other_user', name: 'Eve' }, ADA])
      expect(onstranger).toHaveBeenCalledTimes(times)
    }
    desk.become(renewed)
    await desk.authenticate()
    expect([desk.refusal, accepted.length]).toEqual([undefined, 2])
    // Whoever has left is nobody, and may come as anybody.
    desk.become(WITH_TOKEN)
    await desk.authenticate()
    expect(desk.user).toEqual(EVE)
  })
  it('is whom a cookie has let in, as long as the server says so', async () => {
    const EVE = { id: 'u-eve', name: 'Eve' }
    const cookie: Identity = { name: 'Ada', owner: 'tab-1', user: ADA.id }
    const { desk, asked, accepted } = login([{ user: ADA, rooms: [] }], { ...HELLO.d, user: ADA }, 'c0')
    desk.become(cookie)
    await desk.authenticate()
    expect([asked, accepted]).toEqual([[{ replaces: 'c0' }], [cookie]])
    const ended = login([])
    ended.desk.become(cookie)
    await ended.desk.authenticate()
    expect([ended.asked, ended.desk.refusal]).toEqual([[], { of: 'token', reason: 'expired' }])
    const other = login([{ user: EVE, rooms: [] }], { ...HELLO.d, user: EVE })
    other.desk.become(cookie)
    await other.desk.authenticate()
    expect(other.desk.refusal).toEqual({ of: 'token', reason: 'other_user', name: 'Eve' })
  })
})
