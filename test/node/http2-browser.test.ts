/** A page's WebSocket over HTTP/2, in Chromium: no option of the page, the browser chooses it by itself. RFC 8441 3. */
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import type { CloseOutcome } from '../../src/protocol/close-outcome.ts'
import { findTool } from '../support/tools.ts'

const executablePath = findTool('chromium')

/** A text: what runs here is not what a page can run. */
const IN_PAGE = `Promise.all(['one', 'two', 'three'].map((name) => new Promise((resolve) => {
  const lengths = []
  const socket = new WebSocket('wss://' + location.host + '/chat', ['chat.v2', 'chat.v1'])
  socket.onopen = () => {
    socket.send(name)
    socket.send('x'.repeat(300000))
  }
  socket.onmessage = ({ data }) => {
    lengths.push(data.length)
    if (lengths.length === 2) socket.close(3000, 'done')
  }
  socket.onclose = ({ code, wasClean }) => {
    const { protocol, extensions } = socket
    resolve({ lengths, code, wasClean, protocol, extensions })
  }
})))`

describe.skipIf(executablePath === undefined)('Chromium', { timeout: 60_000 }, () => {
  it('opens its WebSockets as streams of the session that brought the page', async () => {
    const versions: string[] = []
    const outcomes: CloseOutcome[] = []
    let sessions = 0
    const http = createSecureServer(
      { ...makeSelfSigned(['127.0.0.1'], Date.now()), allowHTTP1: true },
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<title>page</title>'),
    )
    http.on('session', () => void sessions++)
    const server = new WebSocketServer({
      perMessageDeflate: true,
      upgrade({ raw, protocols }) {
        versions.push(raw.httpVersion)
        return { protocol: protocols[1] }
      },
      message: (socket, message) => void socket.send(message),
      close: (_socket, outcome) => void outcomes.push(outcome),
    })
    server.attach(http, '/chat')
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
    onTestFinished(async () => {
      await browser.close()
      await server.shutdown({ deadlineMs: 0 })
      http.close()
    })
    const page = await browser.newPage({ ignoreHTTPSErrors: true })
    await page.goto(`https://127.0.0.1:${(http.address() as AddressInfo).port}/`)
    const hop = await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
    expect(hop).toBe('h2')
    const end = {
      code: 3000,
      wasClean: true,
      protocol: 'chat.v1',
      extensions: 'permessage-deflate; client_max_window_bits=12',
    }
    expect(await page.evaluate(IN_PAGE)).toEqual([3, 3, 5].map((length) => ({ lengths: [length, 300_000], ...end })))
    expect(versions).toEqual(['2.0', '2.0', '2.0'])
    expect(sessions).toBe(1)
    expect(outcomes).toEqual(Array(3).fill({ code: 3000, reason: 'done', clean: true, cause: 'peer' }))
  })
})
