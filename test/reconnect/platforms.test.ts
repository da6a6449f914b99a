import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { chromium } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from '../../src/node/server.ts'
import { connectForever } from '../../src/reconnect/index.ts'
import type { ConnectionState } from '../../src/reconnect/state.ts'
import { findTool } from '../support/tools.ts'

const root = new URL('../../dist/', import.meta.url)
const executablePath = findTool('chromium')

/** Serves the built library, as a bundler or an import map would, and echoes. Its first connection is closed with 1012. */
class Site {
  connections = 0
  readonly #http: Server = createServer((request, response) => {
    const path = request.url!.slice(1)
    if (!path.startsWith('reconnect/'))
      return void response.setHeader('content-type', 'text/html').end('<title>page</title>')
    response.setHeader('content-type', 'text/javascript').end(readFileSync(new URL(path, root)))
  })
  readonly #sockets = new WebSocketServer({
    open: (socket) => {
      if (++this.connections === 1) socket.close(1012)
    },
    message: (socket, message) => socket.send(message),
  })

  async listen(): Promise<void> {
    this.#sockets.attach(this.#http)
    this.#http.listen(0, '127.0.0.1')
    await once(this.#http, 'listening')
  }

  get host(): string {
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    await this.#sockets.shutdown({ deadlineMs: 100 })
    this.#http.close()
    this.#http.closeAllConnections()
  }
}

let site: Site
beforeEach(async () => {
  site = new Site()
  await site.listen()
})
afterEach(() => site.close())

/** A text: what runs here is not what a page can run. */
const IN_PAGE = `(async () => {
  const { connectForever } = await import('/reconnect/browser.js')
  const states = []
  const message = await new Promise((resolve) => {
    connectForever('ws://' + location.host, {
      backoff: { base: 10, ceiling: 10 },
      policy: () => 'backoff',
      state: ({ name }) => states.push(name),
      open: (send) => send('hello'),
      message: resolve,
    })
  })
  return { states, message }
})()`

const HEALED = ['connecting', 'open', 'waiting', 'connecting', 'open']

describe('the same code on both platforms', () => {
  it("heals over barewire's client in Node", async () => {
    const states: string[] = []
    const connection = connectForever(`ws://${site.host}/`, {
      backoff: { base: 10, ceiling: 10 },
      policy: () => 'backoff',
      state: ({ name }: ConnectionState) => states.push(name),
      open: (send) => send('hello'),
      message: () => {
        if (site.connections === 2) connection.close()
      },
    })
    while (connection.state.name !== 'closed') await new Promise((resolve) => setImmediate(resolve))
    expect(states).toEqual([...HEALED, 'closed'])
  })

  it.skipIf(executablePath === undefined)("heals over the browser's own WebSocket in Chromium", async () => {
    const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    try {
      const page = await browser.newPage()
      await page.goto(`http://${site.host}/`)
      expect(await page.evaluate(IN_PAGE)).toEqual({ states: HEALED, message: 'hello' })
    } finally {
      await browser.close()
    }
  })

  it('imports no node: module for the browser', () => {
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(new URL(`reconnect/${file}`, root), 'utf8')
      for (const [, name] of text.matchAll(/from '([^']+)'/g)) {
        expect(name).toMatch(/^\.\/[a-z-]+\.js$/)
        visit(name!.slice(2))
      }
    }
    visit('browser.js')
    expect([...seen]).toContain('reconnecting-socket.js')
  })
})
