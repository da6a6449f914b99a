/**
 * What both sides of a peer test do: an echo server of ours, and a client of ours that has random messages echoed.
 */
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Socket, WebSocket, type WebSocketOptions, WebSocketServer } from '../../src/index.ts'

export const COUNT = 1000
const LETTERS = [...'aaaa bcdeé€文😀\n']
const LARGEST_BITS = 17

/** `COUNT` messages of random kind and size, up to 128 KiB of bytes or as many characters; the same on every run. */
export function randomMessages(): readonly (string | Uint8Array)[] {
  messages ??= makeMessages()
  return messages
}

let messages: readonly (string | Uint8Array)[] | undefined

function makeMessages(): (string | Uint8Array)[] {
  let state = 20
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return Array.from({ length: COUNT }, () => {
    const size = Math.floor(2 ** (next() * LARGEST_BITS)) - 1
    if (next() < 0.5) return Uint8Array.from({ length: size }, () => next() * 256)
    return Array.from({ length: size }, () => LETTERS[Math.floor(next() * LETTERS.length)]!).join('')
  })
}

/** Run `use` with the URL of an echo server of ours that compresses, over HTTP/1.1 or HTTP/2. */
export async function withEchoServer(use: (url: string) => Promise<void>, isHttp2 = false): Promise<void> {
  const server = new WebSocketServer({
    perMessageDeflate: true,
    message: (socket: Socket, message: string | Uint8Array) => void socket.send(message),
  })
  const http = isHttp2 ? createHttp2Server() : createServer()
  server.attach(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  try {
    await use(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  } finally {
    await server.shutdown({ deadlineMs: 1000 })
    http.close()
  }
}

/** How an exchange went. */
export interface Exchange {
  /** What was agreed on. */
  readonly extensions: string
  /** How many messages came back exactly as they were sent, in order, before one did not. */
  readonly echoed: number
  readonly close: { readonly code: number; readonly wasClean: boolean }
}

/** Have messages echoed by the server at `url`, all sent at once, and close with 1000. */
export function exchange(
  url: string,
  sent: readonly (string | Uint8Array)[],
  options: WebSocketOptions = {},
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options)
    let echoed = 0
    let extensions = ''
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => {
      extensions = socket.extensions
      for (const message of sent) socket.send(message)
    })
    socket.addEventListener('message', ({ data }) => {
      if (isSame(data, sent[echoed]!)) echoed++
      else socket.close(3000, `message ${echoed} differs`)
      if (echoed === sent.length) socket.close(1000)
    })
    socket.addEventListener('error', ({ error }) => reject(error))
    socket.addEventListener('close', ({ code, wasClean }) => resolve({ extensions, echoed, close: { code, wasClean } }))
  })
}

function isSame(got: unknown, sent: string | Uint8Array): boolean {
  if (typeof sent === 'string' || typeof got === 'string') return got === sent
  return Buffer.compare(Buffer.from(got as ArrayBuffer), sent) === 0
}
