/** Many handshakes at once: they reach an HTTP server, and are handed over together, in one turn of the event loop. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import { clientFrame, RawClient, requestHead } from './raw-client.ts'

export interface Storm {
  /** Each asks for the path of its number, and sends a message, `early` and its number, with its request. */
  readonly clients: RawClient[]
  /** Hand all of them over. */
  begin(): void
}

type HandleUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => void

/** Resolves when all requests have come. */
export async function storm(count: number, handleUpgrade: HandleUpgrade): Promise<Storm> {
  const http = createServer()
  const waiting: (() => void)[] = []
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void http.close())
  const all = new Promise<void>((resolve) => {
    http.on('upgrade', (request, stream, head) => {
      waiting.push(() => handleUpgrade(request, stream, head))
      if (waiting.length === count) resolve()
    })
  })
  const { port } = http.address() as AddressInfo
  const clients = Array.from({ length: count }, (_, index) =>
    new RawClient(port).send(requestHead({ target: `/${index}` }), clientFrame(1, `early ${index}`)),
  )
  await all
  return { clients, begin: () => waiting.forEach((begin) => begin()) }
}
