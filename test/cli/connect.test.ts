import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import { History } from '../../src/cli/connect/history.ts'
import { WireTap } from '../../src/cli/connect/wire-tap.ts'
import { barewire } from './terminal.ts'

/** Serve with an independent server. */
async function serve(
  accept: (socket: WebSocket, request: IncomingMessage) => void,
  options: ServerOptions = {},
): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options })
  server.on('connection', accept)
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

async function serveHttp(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('barewire connect in a pipe', () => {
  it('sends each line of stdin, prints what arrives, and closes with 1000 at the end', async () => {
    let tell: (code: number) => void = () => undefined
    const code = new Promise<number>((resolve) => (tell = resolve))
    const url = await serve((socket) => {
      echo(socket)
      socket.on('close', tell)
    })
    const outcome = await barewire(['connect', url], 'one\n/two\ngrüße\n')
    expect(outcome.stdout).toBe('one\n/two\ngrüße\n')
    expect(outcome.stderr).toMatch(/^connected to ws:.*\nclosed 1000: .* \(clean, cause local\)\n$/)
    expect(outcome.code).toBe(0)
    expect(await code).toBe(1000)
  })

  it('prints binary in hex, and sends everything back with --echo', async () => {
    const returned: unknown[] = []
    const url = await serve((socket) => {
      socket.on('message', (data, isBinary) => returned.push([String(data), isBinary]))
      socket.send(Buffer.of(0x41, 0x42))
      socket.send('text')
    })
    const outcome = await barewire(['connect', '--listen', '--echo', '--count', '2', url])
    expect(outcome).toMatchObject({ code: 0, stdout: '4142\ntext\n' })
    expect(returned).toEqual([
      ['AB', true],
      ['text', false],
    ])
  })

  it('shows each frame both ways with --wire', async () => {
    const url = await serve(echo)
    const outcome = await barewire([
      'connect',
      '--listen',
      '--wire',
      '--no-deflate',
      '--send',
      'Hello',
      '--count',
      '1',
      url,
    ])
    const lines = outcome.stderr.split('\n')
    expect(lines[1]).toMatch(/^-> text FIN mask [0-9a-f]{8} 5 bytes {3}81 85( [0-9a-f]{2}){4} \|( [0-9a-f]{2}){5}$/)
    expect(lines[2]).toBe('<- text FIN 5 bytes   81 05 | 48 65 6c 6c 6f')
    expect(lines).toContain('<- close FIN 2 bytes   88 02 | 03 e8')
  })

  it('offers subprotocols and permessage-deflate, and sends headers and an origin', async () => {
    let seen: IncomingMessage['headers'] = {}
    const url = await serve(
      (socket, request) => {
        seen = request.headers
        socket.close(4321, 'enough')
      },
      { perMessageDeflate: true, handleProtocols: () => 'b.v1' },
    )
    const asked = ['--protocol', 'a.v1', '--protocol', 'b.v1', '--header', 'X-Token: t:1', '--origin', 'https://a.test']
    const outcome = await barewire(['connect', '--listen', ...asked, url])
    expect(seen).toMatchObject({
      'sec-websocket-protocol': 'a.v1, b.v1',
      'x-token': 't:1',
      origin: 'https://a.test',
      'sec-websocket-extensions': expect.stringContaining('permessage-deflate'),
    })
    expect(outcome.stderr).toMatch(
      /^connected to .* \(b\.v1, permessage-deflate\)\nclosed 4321 "enough": .*\(clean, cause peer\)\n/,
    )
    expect(outcome.code).toBe(0)
  })

  it('tells a violation and exits 1', async () => {
    const url = await serve((socket) => {
      // A frame of a reserved opcode, behind the library's back.
      const { _socket: raw } = socket as unknown as { _socket: { write(bytes: Buffer): void } }
      raw.write(Buffer.of(0x83, 0x00))
    })
    const outcome = await barewire(['connect', '--listen', url])
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain('closed 1002')
    expect(outcome.stderr).toContain('cause protocol')
  })

  it('tells a connection that breaks and exits 1', async () => {
    const url = await serve((socket) => socket.terminate())
    const outcome = await barewire(['connect', '--listen', url])
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain('closed 1006')
  })
})

describe('barewire connect: what goes wrong before', () => {
  it('shows how a server refuses', async () => {
    const url = await serveHttp((_request, response) => response.writeHead(403).end('no \u001b[2Jentry\n'))
    expect(await barewire(['connect', '--listen', url])).toEqual({
      code: 1,
      stdout: '',
      stderr: `barewire connect: the server answered 403 Forbidden, not 101: no ${String.raw`\u{1b}`}[2Jentry\n`,
    })
  })

  it('refuses a wrong Sec-WebSocket-Accept (4.1)', async () => {
    const url = await serveHttp(() => undefined)
    const { port } = new URL(url)
    const lying = createServer().on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n')
    })
    lying.listen(0, '127.0.0.1')
    onTestFinished(() => void lying.close())
    await once(lying, 'listening')
    expect(port).not.toBe('')
    const outcome = await barewire(['connect', '--listen', `ws://127.0.0.1:${(lying.address() as AddressInfo).port}`])
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(
      /^barewire connect: the server's answer is refused: .*Accept.*\(RFC 6455 4\.1.*\)\n$/,
    )
  })

  it('says that nobody listens', async () => {
    const outcome = await barewire(['connect', 'ws://127.0.0.1:1', '--listen'])
    expect(outcome).toEqual({
      code: 1,
      stdout: '',
      stderr: 'barewire connect: cannot connect to 127.0.0.1:1: ECONNREFUSED\n',
    })
  })

  it.each([
    [[], 'a URL is missing'],
    [['ws://a', 'b'], "unexpected argument 'b'"],
    [['nonsense'], "'nonsense' is no URL"],
    [['ftp://a'], "the URL's scheme is ftp, it must be ws or wss"],
    [['ws://a#b'], 'a WebSocket URL has no fragment (RFC 6455 3)'],
    [['ws://u:p@a'], 'the URL carries a user name'],
    [['--header', 'x', 'ws://a'], "--header is 'x', it must be 'Name: value'"],
    [['--protocol', 'a b', 'ws://127.0.0.1:1'], 'a b'],
    [['--header', 'Upgrade: h2c', 'ws://127.0.0.1:1'], 'pgrade'],
    [['--count', '0', 'ws://a'], "--count is '0'"],
  ])('%j is one line on stderr and exit 2', async (args, message) => {
    const outcome = await barewire(['connect', ...args])
    expect(outcome).toMatchObject({ code: 2, stdout: '' })
    expect(outcome.stderr).toMatch(/^barewire connect: [^\n]*; see barewire connect --help\n$/)
    expect(outcome.stderr).toContain(message)
  })
})

describe('watching a wire', () => {
  const bytes = Buffer.from(
    '8104f09f9880' + '0983' + '01020304' + '616263' + '8800' + '827e0080' + '00'.repeat(128),
    'hex',
  )
  const lines = [
    'text FIN 4 bytes   81 04 | f0 9f 98 80',
    'ping mask 01020304 3 bytes   09 83 01 02 03 04 | 61 62 63',
    'close FIN 0 bytes   88 00',
    `binary FIN 128 bytes   82 7e 00 80 |${' 00'.repeat(16)} …`,
  ]

  it('tells the same lines however the bytes are cut', () => {
    for (let size = 1; size <= bytes.length; size++) {
      const told: string[] = []
      const tap = new WireTap((line) => told.push(line))
      for (let at = 0; at < bytes.length; at += size) tap.push(bytes.subarray(at, at + size))
      expect(told).toEqual(lines)
    }
  })
})

describe('the history of what was typed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-history-'))

  it('lasts from session to session, 500 lines, for its user only', () => {
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const env = { XDG_STATE_HOME: folder }
    expect(new History(env).load()).toEqual([])
    new History(env).save(['newest', 'older'])
    expect(new History(env).load()).toEqual(['newest', 'older'])
    expect(statSync(join(folder, 'barewire/history')).mode & 0o777).toBe(0o600)
    new History(env).save(Array.from({ length: 700 }, (_, i) => `line ${i}`))
    expect(new History(env).load()).toHaveLength(500)
    expect(readFileSync(join(folder, 'barewire/history'), 'utf8').endsWith('line 0\n')).toBe(true)
  })

  it('is off when BAREWIRE_HISTORY is empty, and no trouble where nothing can be written', () => {
    new History({ BAREWIRE_HISTORY: '' }).save(['x'])
    expect(new History({ BAREWIRE_HISTORY: '' }).load()).toEqual([])
    expect(() => new History({ BAREWIRE_HISTORY: '/dev/null/x' }).save(['x'])).not.toThrow()
  })
})
