import { exportJWK, generateKeyPair, generateSecret, SignJWT } from 'jose'
import { Writable } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { pino } from 'pino'
import { AuthError } from '../../server/identity.ts'
import { LOG_OPTIONS, redact } from '../../server/log.ts'
import { createTokens, readKeySet, type Tokens } from '../../server/tokens.ts'
import { redactHead, redactMessage } from '../../server/wire/redaction.ts'

const settings = { issuer: 'https://id.example', audience: 'chat' }
let keys: Awaited<ReturnType<typeof generateKeyPair>>
let tokens: Tokens
let publicJwk: object

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true })
  publicJwk = { ...(await exportJWK(keys.publicKey)), alg: 'ES256', kid: 'k1' }
  tokens = createTokens(readKeySet(JSON.stringify({ keys: [publicJwk] }), 'JWT_KEYS'), settings)
})

const now = (): number => Math.floor(Date.now() / 1000)

function token(claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ sub: 'anna', name: 'Anna', iss: settings.issuer, aud: 'chat', exp: now() + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .sign(keys.privateKey)
}

describe('tokens', () => {
  it('say who holds them and until when', async () => {
    const exp = now() + 60
    expect(await tokens.verify(await token({ exp }))).toEqual({
      user: { id: 'u-anna', name: 'Anna' },
      expires: exp * 1000,
      key: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  it.each([
    ['another issuer', { iss: 'https://evil.example' }, 'bad_claims'],
    ['another audience', { aud: 'mail' }, 'bad_claims'],
    ['no subject', { sub: undefined }, 'bad_claims'],
    ['no expiry', { exp: undefined }, 'bad_claims'],
    ['an expiry long ago', { exp: 1 }, 'expired'],
  ])('with %s are refused, and the reason is told', async (_name, claims, reason) => {
    await expect(tokens.verify(await token(claims))).rejects.toMatchObject({ name: 'AuthError', reason })
  })

  it('of strangers are refused, and the reason is told', async () => {
    const claims = { sub: 'anna', iss: settings.issuer, aud: 'chat', exp: now() + 60 }
    const { privateKey } = await generateKeyPair('ES256')
    const sign = (kid: string): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)
    await expect(tokens.verify(await sign('k1'))).rejects.toMatchObject({ reason: 'bad_signature' })
    await expect(tokens.verify(await sign('k9'))).rejects.toMatchObject({ reason: 'unknown_key' })
    await expect(tokens.verify('a.b.c')).rejects.toMatchObject({ reason: 'bad_token' })
  })

  it('without a signature, or signed with another algorithm, are refused (RFC 8725 3.1)', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { sub: 'anna', iss: settings.issuer, aud: 'chat', exp: now() + 60 }
    await expect(tokens.verify(`${part({ alg: 'none' })}.${part(claims)}.`)).rejects.toBeInstanceOf(AuthError)
    // The classic confusion: the public key used as an HMAC secret.
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(new TextEncoder().encode(JSON.stringify(publicJwk)))
    await expect(tokens.verify(forged)).rejects.toBeInstanceOf(AuthError)
    await expect(tokens.verify('not.a.token')).rejects.toBeInstanceOf(AuthError)
  })

  it('may be signed with a shared secret, by its own algorithm alone', async () => {
    const jwk = { ...(await exportJWK(await generateSecret('HS256', { extractable: true }))), alg: 'HS256', kid: 's1' }
    const shared = createTokens(readKeySet(JSON.stringify({ keys: [publicJwk, jwk] }), 'JWT_KEYS'), settings)
    const key = Buffer.from(jwk.k!, 'base64url')
    const sign = (alg: string, kid?: string, secret = key): Promise<string> =>
      new SignJWT({ sub: 'bo', iss: settings.issuer, aud: 'chat', exp: now() + 60 })
        .setProtectedHeader(kid === undefined ? { alg } : { alg, kid })
        .sign(secret)
    expect(await shared.verify(await sign('HS256', 's1'))).toMatchObject({
      user: { id: 'u-bo', name: 'bo' },
    })
    expect((await shared.verify(await sign('HS256'))).user.id).toBe('u-bo')
    expect((await shared.verify(await token())).user.id).toBe('u-anna')
    const long = Buffer.concat([key, key])
    for (const wrong of [sign('HS256', 'k1'), sign('HS512', 's1', long), sign('HS256', 's1', Buffer.alloc(32))]) {
      await expect(shared.verify(await wrong)).rejects.toBeInstanceOf(AuthError)
    }
  })

  it('name the key that verified them, also when they name none themselves', async () => {
    const secret = { ...(await exportJWK(await generateSecret('HS256', { extractable: true }))), alg: 'HS256' }
    const other = { ...(await exportJWK(await generateSecret('HS256', { extractable: true }))), alg: 'HS256' }
    const tokensOf = (...keys: object[]): Tokens =>
      createTokens(readKeySet(JSON.stringify({ keys }), 'JWT_KEYS'), settings)
    const claims = { sub: 'anna', iss: settings.issuer, aud: 'chat', exp: now() + 60 }
    const named = { ...secret, kid: 's1' }
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(secret.k!, 'base64url'))
    const signed = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(keys.privateKey)
    const both = tokensOf(publicJwk, named)
    const { key: ofShared } = await both.verify(shared)
    const { key: ofSigned } = await both.verify(signed)
    expect(both.knows(ofShared!) && both.knows(ofSigned!)).toBe(true)
    expect([tokensOf(publicJwk).knows(ofShared!), tokensOf(publicJwk).knows(ofSigned!)]).toEqual([false, true])
    expect([tokensOf(named).knows(ofShared!), tokensOf(named).knows(ofSigned!)]).toEqual([true, false])
    // Another secret under the same name is another key.
    expect(tokensOf({ ...other, kid: 's1' }).knows(ofShared!)).toBe(false)
    expect(JSON.stringify([ofShared, ofSigned])).not.toContain(secret.k)
  })

  it('need keys that fit their algorithm, and secrets as long as the hash (RFC 7518 3.2)', () => {
    const read = (key: object) => (): unknown => readKeySet(JSON.stringify({ keys: [key] }), 'JWT_KEYS')
    const k = (bytes: number): string => Buffer.alloc(bytes).toString('base64url')
    expect(read({ kty: 'oct', alg: 'HS256', k: k(31) })).toThrow('JWT_KEYS: k of at least 32 bytes')
    expect(read({ kty: 'oct', alg: 'HS512', k: k(63) })).toThrow('k of at least 64 bytes')
    expect(read({ kty: 'oct', alg: 'HS256' })).toThrow('k of at least 32 bytes')
    expect(read({ kty: 'oct', alg: 'ES256', k: k(64) })).toThrow('a key of kty oct cannot be ES256')
    expect(read({ ...publicJwk, alg: 'HS256' })).toThrow('a key of kty EC cannot be HS256')
    expect(read({ kty: 'oct', alg: 'HS256', k: k(32) })).not.toThrow()
  })

  it('need keys that name their algorithm', async () => {
    const jwk = await exportJWK(await generateSecret('HS256', { extractable: true }))
    expect(() => readKeySet(JSON.stringify({ keys: [jwk] }), 'JWT_KEYS')).toThrow('each key with kty and alg')
    expect(() => readKeySet(JSON.stringify({ keys: [{ ...jwk, alg: 'none' }] }), 'JWT_KEYS')).toThrow('alg')
    expect(() => readKeySet('{', 'JWT_KEYS')).toThrow('JSON is required')
  })
})

describe('secrets', () => {
  it('do not get into the log', () => {
    const lines: string[] = []
    const stream = new Writable({ write: (chunk: Buffer, _encoding, done) => (lines.push(chunk.toString()), done()) })
    const log = pino({ ...LOG_OPTIONS, level: 'info' }, stream)
    log.info(
      { token: 'S3CRET', d: { session: 'S3CRET', guest: { session: 'S3CRET' } }, headers: { cookie: 'S3CRET' } },
      'x',
    )
    log.info({ url: '/chat?token=S3CRET&a=1' }, 'x')
    log.error({ err: new Error('bad protocol bearer.S3CRET, chat.v1') }, 'x')
    expect(lines.join('')).not.toContain('S3CRET')
    expect(redact('Authorization: Bearer S3CRET')).not.toContain('S3CRET')
  })

  it('are starred in what the inspector shows, without changing a length', () => {
    const head =
      'GET /chat?token=S3CRET&x=1 HTTP/1.1\r\nHost: a\r\nCookie: id=S3CRET\r\nSec-WebSocket-Protocol: chat.v1, bearer.S3CRET\r\n\r\n'
    const shown = redactHead(head)
    expect(shown).not.toContain('S3CRET')
    expect(shown).toHaveLength(head.length)
    expect(shown).toContain('chat.v1, bearer.******')
    const message = '{"t":"auth","d":{"token":"S3C\\"RET","guest":{"name":"session","session" : "S3CRET"}}}'
    expect(redactMessage(message)).toBe(
      '{"t":"auth","d":{"token":"********","guest":{"name":"session","session" : "******"}}}',
    )
    const innocent = JSON.stringify({ t: 'send', d: { text: 'say "token":"x" and "session":"y"' } })
    expect(redactMessage(innocent)).toBe(innocent)
  })
})
