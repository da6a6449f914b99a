/**
 * Both our sides against implementations in other languages: a thousand messages of random kind and size, echoed.
 */
import { describe, expect, it } from 'vitest'
import { COUNT, exchange, randomMessages, withEchoServer } from './exchange.ts'
import { isMade, type Program, programs, start } from './programs.ts'

const TIMEOUT_MS = 120_000

const made = new Set(programs.filter(isMade))
const inRole = (role: 'server' | 'client'): [string, Program][] =>
  programs.filter(({ roles }) => roles.includes(role)).map((program) => [program.name, program])

describe(`our server echoes ${COUNT} messages`, () => {
  it.for(inRole('client'))('of %s', { timeout: TIMEOUT_MS }, async ([, program], { skip }) => {
    skip(!made.has(program))
    await withEchoServer(async (url) => {
      const client = start(program, 'client', url, `${COUNT}`)
      try {
        expect(await client.line('echoed')).toBe(`echoed ${COUNT}`)
      } finally {
        client.stop()
      }
    }, program.isHttp2)
  })
})

describe(`our client has ${COUNT} messages echoed`, () => {
  it.for(inRole('server'))('by %s', { timeout: TIMEOUT_MS }, async ([, program], { skip }) => {
    skip(!made.has(program))
    const server = start(program, 'server')
    try {
      const port = (await server.line('listening')).split(' ')[1]
      const result = await exchange(`ws://127.0.0.1:${port}`, randomMessages(), {
        http2: program.isHttp2 === true,
      })
      expect(result).toMatchObject({ echoed: COUNT, close: { code: 1000, wasClean: true } })
      expect(result.extensions.startsWith('permessage-deflate')).toBe(program.compresses)
    } finally {
      server.stop()
    }
  })
})
