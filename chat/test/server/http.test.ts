import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { listen, testApp, type TestApp } from '../support/app.ts'

let room: TestApp

afterEach(() => room.stop())

describe('the pages', () => {
  it('are served with their types, a policy against scripts from elsewhere, and validators', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chat-web-'))
    mkdirSync(join(folder, 'assets'))
    mkdirSync(join(folder, 'study'))
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>chat</title>')
    writeFileSync(join(folder, 'study/index.html'), '<!doctype html><title>study</title>')
    writeFileSync(join(folder, 'assets/main-abc.js'), 'export {}\n'.repeat(200))
    room = await testApp({}, folder)
    const page = await fetch(room.app.url)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(page.headers.get('cache-control')).toBe('no-cache')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    const again = await fetch(room.app.url, { headers: { 'if-none-match': page.headers.get('etag')! } })
    expect(again.status).toBe(304)
    const script = await fetch(`${room.app.url}/assets/main-abc.js`)
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect(script.headers.get('content-encoding')).toBe('gzip')
    expect(await script.text()).toContain('export {}')
    expect((await fetch(`${room.app.url}/study`)).url).toBe(`${room.app.url}/study/`)
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/nothing', '/assets', '/__proto__']) {
      expect((await fetch(room.app.url + path)).status).toBe(404)
    }
    expect((await fetch(room.app.url, { method: 'POST' })).status).toBe(405)
    expect((await fetch(`${room.app.url}/rooms.json`)).status).toBe(200)
  })

  it('tell health on the public port, and numbers only on the internal one', async () => {
    room = await testApp({ INTERNAL_PORT: '0' })
    const anna = await room.client('Anna')
    await anna.join('general')
    await anna.send('general', 'counted')
    const get = async (base: string, path: string): Promise<Response> => fetch(base + path)
    expect((await get(room.app.url, '/healthz')).status).toBe(200)
    expect((await get(room.app.url, '/readyz')).status).toBe(200)
    expect(await (await get(room.app.url, '/version')).json()).toMatchObject({ version: '0.0.0' })
    expect((await get(room.app.url, '/metrics')).status).toBe(404)
    const metrics = await (await get(room.app.internalUrl!, '/metrics')).text()
    expect(metrics).toContain('ws_connections 1')
    expect(metrics).toContain('chat_messages_total 1')
    expect(metrics).not.toContain('general')
    expect(metrics).not.toContain('Anna')
  })
})

describe('the metrics', () => {
  it('count the bytes of the wire as the client sees them, beside those of the messages', async () => {
    room = await testApp({ INTERNAL_PORT: '0' })
    const socket = new WebSocket(room.socketUrl(), ['chat.v1'])
    const { next } = listen(socket)
    await next()
    const { _socket: tcp } = socket as unknown as { _socket: import('node:net').Socket }
    const bytes = async (dir: string, stage: string): Promise<number> => {
      const text = await (await fetch(`${room.app.internalUrl}/metrics`)).text()
      return Number(new RegExp(`^ws_bytes_total\\{dir="${dir}",stage="${stage}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
    }
    const count = async (): Promise<number[]> => [
      tcp.bytesRead,
      await bytes('out', 'wire'),
      await bytes('out', 'plain'),
      tcp.bytesWritten,
      await bytes('in', 'wire'),
      await bytes('in', 'plain'),
    ]
    const before = await count()
    // Long enough for deflate, in both directions: what is unknown to the schema is ignored, what is refused is answered.
    const request = `{"t":"rooms","id":1,"d":{"fill":"${'x'.repeat(8000)}"}}`
    socket.send(request)
    await next()
    const after = await count()
    const [read, outWire, outPlain, written, inWire, inPlain] = after.map((value, i) => value - before[i]!)
    expect(outWire).toBe(read)
    expect(inWire).toBe(written)
    expect(inPlain).toBe(request.length)
    expect(inWire).toBeLessThan(request.length / 10)
    expect(outPlain).toBeGreaterThan(0)
    socket.terminate()
  })

  it('have every name that a dashboard asks for, and measure round trips without being asked', async () => {
    room = await testApp({ INTERNAL_PORT: '0' })
    const anna = await room.client('Anna')
    await anna.join('general')
    await anna.send('general', 'once')
    const read = async (): Promise<string> => (await fetch(`${room.app.internalUrl}/metrics`)).text()
    await vi.waitFor(async () => expect(await read()).toMatch(/^ws_ping_rtt_seconds_count [1-9]/m), { timeout: 10_000 })
    const text = await read()
    for (const name of ['chat_ack', 'chat_fanout', 'chat_bus_lag', 'ws_handshake']) {
      expect(text).toMatch(new RegExp(`^${name}_seconds_count [1-9]`, 'm'))
    }
    for (const sample of [
      'ws_frames_total{dir="in",opcode="text"}',
      'ws_frames_total{dir="in",opcode="pong"}',
      'ws_send_queue_bytes',
      'chat_resume_total{result="new"}',
      'chat_duplicates_total',
      'chat_gap_total',
      'chat_draining',
    ]) {
      expect(text).toContain(`\n${sample} `)
    }
    const framesOf = async (dir: string, opcode: string): Promise<number> =>
      Number(new RegExp(`^ws_frames_total{dir="${dir}",opcode="${opcode}"} (\\d+)`, 'm').exec(await read())?.[1])
    expect(await framesOf('out', 'ping')).toBeGreaterThan(0)
    expect(await framesOf('out', 'close')).toBe(0)
    const raw = new WebSocket(room.socketUrl(), 'chat.v1')
    await once(raw, 'open')
    raw.ping()
    await once(raw, 'pong')
    expect(await framesOf('in', 'ping')).toBe(1)
    expect(await framesOf('out', 'pong')).toBe(1)
    raw.close(1000)
    await anna.close()
    await vi.waitFor(async () => expect(await read()).toContain('\nws_close_total{code="1000",by="client"} 2'))
    expect(await framesOf('in', 'close')).toBe(2)
    expect(await framesOf('out', 'close')).toBe(2)
  })
})
