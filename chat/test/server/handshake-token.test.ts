import { once } from 'node:events'
import { exportJWK, generateSecret, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { TOKEN_COOKIE, tokenOf } from '../../server/handshake-token.ts'
import { listen, testApp, type TestApp } from '../support/app.ts'

describe('the token of a handshake', () => {
  const of = (more: Partial<Parameters<typeof tokenOf>[0]>): string | undefined =>
    tokenOf({ url: '/chat', headers: {}, protocols: ['chat.v1'], ...more })?.token

  it('stands in the subprotocol, the Authorization header, the query or a cookie, in this order', () => {
    expect(of({ protocols: ['chat.v1', 'bearer.a.b.c'], headers: { authorization: 'Bearer d' } })).toBe('a.b.c')
    expect(of({ headers: { authorization: 'bearer a.b.c', cookie: `${TOKEN_COOKIE}=d` } })).toBe('a.b.c')
    expect(of({ headers: { cookie: `theme=dark; ${TOKEN_COOKIE}=d; x=y` }, url: '/chat?token=a.b.c' })).toBe('a.b.c')
    expect(of({ headers: { cookie: `theme=dark; ${TOKEN_COOKIE}=a.b.c; x=y` } })).toBe('a.b.c')
    expect(of({ url: '/chat?room=7&token=a.b.c' })).toBe('a.b.c')
    expect(of({ url: '/chat?access_token=a.b.c&token=d' })).toBe('a.b.c')
  })

  it('is not what only looks like one', () => {
    for (const headers of [
      {},
      { authorization: 'Basic YTpi' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer a, Bearer b' },
      { cookie: `my${TOKEN_COOKIE}=x; ${TOKEN_COOKIE}; ${TOKEN_COOKIE}=` },
      // Another program on this host.
      { cookie: 'token=a.b.c; access_token=a.b.c; barewire-chat=a.b.c' },
    ]) {
      expect(of({ headers })).toBeUndefined()
    }
    expect(of({ url: '/chat?token=' })).toBeUndefined()
    expect(of({ url: '/token=a' })).toBeUndefined()
  })
})

describe('a server that takes tokens', () => {
  let room: TestApp
  let token: string

  beforeEach(async () => {
    const secret = await generateSecret('HS256', { extractable: true })
    const keys = { keys: [{ ...(await exportJWK(secret)), alg: 'HS256', kid: 'k' }] }
    const claims = { sub: 'anna', name: 'Anna', iss: 'i', aud: 'a' }
    token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k' })
      .setExpirationTime('5m')
      .sign(secret)
    const settings = { JWT_KEYS: JSON.stringify(keys), JWT_ISSUER: 'i', JWT_AUDIENCE: 'a', GUESTS: 'off' }
    room = await testApp(settings)
  })
  afterEach(() => room.stop())

  it.each([
    ['the subprotocol', true, (jwt: string) => ({ protocols: [`bearer.${jwt}`] })],
    ['the header', true, (jwt: string) => ({ headers: { authorization: `Bearer ${jwt}` } })],
    ['a cookie', false, (jwt: string) => ({ headers: { cookie: `${TOKEN_COOKIE}=${jwt}` } })],
    ['the query', true, (jwt: string) => ({ query: `?token=${jwt}` })],
  ])(
    'lets its holder in by %s; a wrong one is refused where it was given on purpose',
    async (_where, isAsked, place) => {
      const open = (jwt: string): WebSocket => {
        const {
          protocols = [],
          headers = {},
          query = '',
        } = place(jwt) as {
          protocols?: string[]
          headers?: Record<string, string>
          query?: string
        }
        return new WebSocket(room.socketUrl(`/chat${query}`), ['chat.v1', ...protocols], { headers })
      }
      const socket = open(token)
      const { texts, next } = listen(socket)
      await next()
      expect(JSON.parse(texts[0]!)).toMatchObject({ t: 'hello', d: { user: { id: 'u-anna', name: 'Anna' } } })
      socket.send('{"t":"join","id":1,"room":"general","d":{}}')
      await next()
      expect(texts[1]).toContain('"name":"Anna"')
      socket.send('{"t":"auth","id":2,"d":{}}')
      while (!texts.at(-1)!.includes('"re":2')) await next()
      expect(JSON.parse(texts.at(-1)!)).toMatchObject({
        ok: true,
        d: { user: { id: 'u-anna' }, rooms: [{ room: 'general' }] },
      })
      const wrong = open(`${token}x`)
      const heard = listen(wrong)
      if (isAsked) {
        const [code] = (await once(wrong, 'close')) as [number]
        expect(code).toBe(4001)
        expect(heard.texts[1]).toContain('"reason":"bad_signature"')
      } else {
        // A browser sends a cookie unasked: whoever has a bad one can still say who they are.
        await heard.next()
        expect(JSON.parse(heard.texts[0]!).d.user).toBeUndefined()
        wrong.send(JSON.stringify({ t: 'auth', id: 1, d: { token } }))
        await heard.next()
        expect(heard.texts[1]).toContain('"ok":true')
      }
      for (const one of [socket, wrong]) one.terminate()
    },
  )

  it.each([
    ['with its handshake', '?token=', []],
    ['in a message', '', [{ event: 'auth' }]],
  ])('lets a page of the profile s4 in that brings it %s, under its own name alone', async (_how, query, first) => {
    const socket = new WebSocket(room.socketUrl(`/legacy/s4${query === '' ? '' : query + token}`))
    const { texts, next } = listen(socket)
    await once(socket, 'open')
    for (const message of first) socket.send(JSON.stringify({ ...message, token }))
    socket.send(JSON.stringify({ name: 'Somebody', roomid: 'general' }))
    while (!texts.some((text) => text.includes('"login"'))) await next()
    socket.send(JSON.stringify({ name: 'Somebody', message: 'hello' }))
    while (!texts.some((text) => text.includes('"hello"'))) await next()
    expect(JSON.parse(texts.at(-1)!)).toMatchObject({ event: 'message', name: 'Anna', message: 'hello' })
    expect(texts.join('\n')).not.toContain(token)
    socket.terminate()
  })

  it('answers noauth to a page that has none', async () => {
    const socket = new WebSocket(room.socketUrl('/legacy/s4'))
    const { texts, next } = listen(socket)
    await once(socket, 'open')
    socket.send(JSON.stringify({ name: 'Anna', roomid: 'general' }))
    while (!texts.some((text) => text.includes('noauth'))) await next()
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(4003)
  })
})
