import { describe, expect, it } from 'vitest'
import { ConfigError, ENVIRONMENT, readConfig } from '../../server/config.ts'

describe('the environment', () => {
  it('has a usable default for every variable', () => {
    expect(readConfig({})).toMatchObject({ PORT: 3000, HOST: '127.0.0.1', GUESTS: true, ORIGINS: [], DRAIN_MS: 20_000 })
  })

  it('tells all mistakes at once, each with its name', () => {
    const read = (): unknown =>
      readConfig({ PORT: 'x', STORE: 'mongo', TRUST_PROXY: 'maybe', ORIGINS: 'example.org', ROOMS: 'A' })
    expect(read).toThrow(ConfigError)
    for (const name of ['PORT=x', 'STORE=mongo', 'TRUST_PROXY=maybe', 'ORIGINS=example.org', 'ROOMS=A']) {
      expect(read).toThrow(name)
    }
  })

  it.each([
    [{ STORE: 'redis' }, 'REDIS_URL is required'],
    [{ TLS_CERT: 'a.pem' }, 'TLS_CERT and TLS_KEY'],
    [{ JWT_KEYS: '{}' }, 'JWT_ISSUER'],
    [{ GUESTS: 'off' }, 'nobody could come in'],
    [{ STORE: 'file:x?sync=never' }, 'STORE='],
    [{ ROOMS: '' }, 'at least one room'],
  ])('refuses %j', (env, sentence) => expect(() => readConfig(env)).toThrow(sentence))

  it('takes Redis as the store when there is a URL, and lists with blanks', () => {
    expect(readConfig({ REDIS_URL: 'redis://a:1' }).STORE).toBe('redis')
    expect(readConfig({ ORIGINS: 'https://a.example, http://b.example:8080' }).ORIGINS).toHaveLength(2)
    expect(readConfig({ ROOMS: 'a:Tea & cake, b' }).ROOMS).toEqual([
      { room: 'a', title: 'Tea & cake' },
      { room: 'b', title: 'b' },
    ])
  })

  it('describes each variable once', () => {
    expect(new Set(ENVIRONMENT.map(({ name }) => name)).size).toBe(ENVIRONMENT.length)
  })
})

it('README.md names every variable with its default', async () => {
  const { readFileSync } = await import('node:fs')
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  for (const { name, value } of ENVIRONMENT) {
    expect(readme).toContain(`| \`${name}\` | ${value === '' ? '' : `\`${value}\``} |`)
  }
})
