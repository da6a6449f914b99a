/**
 * Both our sides against implementations in other languages: a thousand messages of random kind and size, echoed.
 */
import { describe, expect, it } from 'vitest'
import { COUNT, exchange, randomMessages, withEchoServer } from './exchange.ts'
import { isMade, programs, start } from './programs.ts'

const TIMEOUT_MS = 120_000

describe.each(programs.map((program) => [program.name, program] as const))('%s', (_name, program) => {
  const skip = !isMade(program)

  if (program.roles.includes('client')) {
    it.skipIf(skip)(
      `as client has ${COUNT} messages echoed by our server`,
      async () => {
        await withEchoServer(async (url) => {
          const client = start(program, 'client', url, `${COUNT}`)
          try {
            expect(await client.line('echoed')).toBe(`echoed ${COUNT}`)
          } finally {
            client.stop()
          }
        })
      },
      TIMEOUT_MS,
    )
  }

  if (program.roles.includes('server')) {
    it.skipIf(skip)(
      `as server echoes ${COUNT} messages of our client`,
      async () => {
        const server = start(program, 'server')
        try {
          const port = (await server.line('listening')).split(' ')[1]
          const result = await exchange(`ws://127.0.0.1:${port}`, randomMessages())
          expect(result).toMatchObject({ echoed: COUNT, close: { code: 1000, wasClean: true } })
          expect(result.extensions.startsWith('permessage-deflate')).toBe(program.compresses)
        } finally {
          server.stop()
        }
      },
      TIMEOUT_MS,
    )
  }
})
