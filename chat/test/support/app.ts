/** A whole server in the test's process, on ports of its own, and real clients. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { ChatClient, type ClientOptions, type SocketLike } from '../../load/chat-client.ts'
import { type App, startApp } from '../../server/app.ts'
import { readConfig } from '../../server/config.ts'

export const makeSocket = (url: string, protocols: string[]): SocketLike => new WebSocket(url, protocols)

export interface TestApp {
  readonly app: App
  readonly folder: string
  /** `ws://…` of a path. */
  socketUrl(path?: string): string
  client(name: string, more?: Partial<ClientOptions>): Promise<ChatClient>
  stop(): Promise<void>
}

export async function testApp(env: Record<string, string> = {}, webFolder = '/does/not/exist'): Promise<TestApp> {
  const folder = mkdtempSync(join(tmpdir(), 'chat-app-'))
  const config = readConfig({ PORT: '0', STORE: 'memory', LOG_LEVEL: 'silent', MAX_PER_ADDRESS: '1000', ...env })
  const app = await startApp({ config, webFolder, version: '0.0.0' })
  const socketUrl = (path = '/chat'): string => app.url.replace('http', 'ws') + path
  return {
    app,
    folder,
    socketUrl,
    async client(name, more) {
      const client = new ChatClient({ url: socketUrl(), make: makeSocket, name, ...more })
      return client.connect()
    },
    async stop() {
      await app.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Collect everything that a raw socket is told. */
export function listen(socket: WebSocket): { texts: string[]; next(): Promise<void> } {
  const texts: string[] = []
  socket.on('message', (data: Buffer) => texts.push(data.toString()))
  return { texts, next: async () => void (await once(socket, 'message')) }
}
