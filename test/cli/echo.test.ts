import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, type ClientOptions } from 'ws'
import { start, startEcho } from './processes.ts'
import { barewire } from './terminal.ts'

/** Connect with an independent client. */
async function open(url: string, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, options)
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

async function exchange(socket: WebSocket, message: string | Buffer): Promise<[data: Buffer, isBinary: boolean]> {
  socket.send(message)
  return (await once(socket, 'message')) as [Buffer, boolean]
}

async function closed(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number]
  return code
}

describe('barewire echo', () => {
  it('echoes text as text and binary as binary', async () => {
    const { url } = await startEcho()
    const socket = await open(url)
    expect(await exchange(socket, 'grüße, 世界')).toEqual([Buffer.from('grüße, 世界'), false])
    expect(await exchange(socket, Buffer.of(0, 255, 128))).toEqual([Buffer.of(0, 255, 128), true])
    expect(await exchange(socket, '')).toEqual([Buffer.alloc(0), false])
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('closes everyone with 1001 on %s and exits 0 (7.4.1)', async (signal) => {
    const server = await startEcho()
    const sockets = [await open(server.url), await open(server.url)]
    const codes = sockets.map(closed)
    server.process.kill(signal)
    expect(await Promise.all(codes)).toEqual([1001, 1001])
    expect(await server.ended()).toBe(0)
    expect(server.stderr()).toBe('')
  })

  it('agrees to permessage-deflate, and not with --no-deflate (RFC 7692 5)', async () => {
    const [deflating, plain] = await Promise.all([startEcho(), startEcho('--no-deflate')])
    const compressed = await open(deflating.url, { perMessageDeflate: { threshold: 0 } })
    expect(compressed.extensions).toMatch(/^permessage-deflate/)
    expect(await exchange(compressed, 'a'.repeat(5000))).toEqual([Buffer.from('a'.repeat(5000)), false])
    const uncompressed = await open(plain.url, { perMessageDeflate: true })
    expect(uncompressed.extensions).toBe('')
    expect(await exchange(uncompressed, 'a')).toEqual([Buffer.from('a'), false])
  })

  it('refuses messages over --max-payload with 1009 (7.4.1)', async () => {
    const { url } = await startEcho('--max-payload', '100')
    const socket = await open(url)
    expect(await exchange(socket, 'x'.repeat(100))).toEqual([Buffer.from('x'.repeat(100)), false])
    const code = closed(socket)
    socket.send('x'.repeat(101))
    expect(await code).toBe(1009)
  })

  it('serves --path only', async () => {
    const { url } = await startEcho('--path', '/here')
    const socket = await open(`${url}/here?with=query`)
    expect(await exchange(socket, 'x')).toEqual([Buffer.from('x'), false])
    await expect(open(`${url}/elsewhere`)).rejects.toThrow('404')
  })

  it('serves wss:// with a certificate made on the spot, and with one that is given', async () => {
    const { url } = await startEcho('--tls')
    expect(url).toMatch(/^wss:/)
    const socket = await open(url, { rejectUnauthorized: false })
    expect(await exchange(socket, 'secret')).toEqual([Buffer.from('secret'), false])
  })

  it('takes pages of every origin', async () => {
    const { url } = await startEcho()
    const socket = await open(url, { origin: 'https://anywhere.example' })
    expect(await exchange(socket, 'x')).toEqual([Buffer.from('x'), false])
  })

  it('says in one line that the port is taken, and exits 1', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void blocker.close())
    await once(blocker, 'listening')
    const port = String((blocker.address() as AddressInfo).port)
    const second = start('echo', '--host', '127.0.0.1', '--port', port)
    expect(await second.ended()).toBe(1)
    expect(second.stderr()).toBe(`barewire echo: cannot listen on 127.0.0.1:${port}: the port is taken\n`)
    expect(second.stdout()).toBe('')
  })
})

describe('the command line', () => {
  it.each([
    [['echo', '--bogus'], "barewire echo: unknown option '--bogus'; see barewire echo --help"],
    [['echo', 'extra'], "barewire echo: unexpected argument 'extra'; see barewire echo --help"],
    [
      ['echo', '--port', 'x'],
      "barewire echo: --port is 'x', it must be a whole number from 0 to 65535; see barewire echo --help",
    ],
    [
      ['echo', '--port', '65536'],
      "barewire echo: --port is '65536', it must be a whole number from 0 to 65535; see barewire echo --help",
    ],
    [
      ['echo', '--max-payload', '0'],
      "barewire echo: --max-payload is '0', it must be a whole number from 1 to 2147483647; see barewire echo --help",
    ],
    [['echo', '--path', 'x'], "barewire echo: --path is 'x', it must begin with /; see barewire echo --help"],
    [['echo', '--cert', 'x'], 'barewire echo: --cert and --key go together; see barewire echo --help'],
    [['bogus'], "barewire: unknown command 'bogus'; see barewire --help"],
  ])('%j is one line on stderr and exit 2', async (args, line) => {
    expect(await barewire(args)).toEqual({ code: 2, stdout: '', stderr: `${line}\n` })
  })

  it('says which certificate it cannot read', async () => {
    const outcome = await barewire(['echo', '--cert', '/nowhere/c', '--key', '/nowhere/k'])
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: 'barewire echo: cannot read /nowhere/c: ENOENT\n' })
  })

  it('prints its version, and without a command its help on stderr', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await barewire(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    const help = await barewire(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(await barewire([])).toEqual({ code: 2, stdout: '', stderr: help.stdout })
  })

  it.each([['--help'], ['echo', '--help'], ['connect', '-h'], ['explain', '--help', '--bogus']])(
    'help fits on a screen: %s %s',
    async (...args) => {
      const outcome = await barewire(args.filter((arg) => arg !== undefined))
      expect(outcome.code).toBe(0)
      const lines = outcome.stdout.split('\n')
      expect(lines.length).toBeLessThanOrEqual(36)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
    },
  )

  it('tells every option in its help', async () => {
    const help = (await barewire(['echo', '--help'])).stdout
    for (const option of ['host', 'port', 'path', 'max-payload', 'no-deflate', 'tls', 'cert', 'key']) {
      expect(help).toContain(`--${option}`)
    }
  })

  it('runs as a program with a shebang', async () => {
    const source = readFileSync(new URL('../../dist/cli/main.js', import.meta.url), 'utf8')
    expect(source.startsWith('#!/usr/bin/env node\n')).toBe(true)
    const running = start('explain', '8100')
    running.process.stdin?.end()
    expect(await running.ended()).toBe(0)
    expect(running.stdout()).toContain('frame 1: text')
  })
})
