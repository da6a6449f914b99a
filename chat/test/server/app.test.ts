import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeRecord, encodeRecord, readWireEvent, type WireEvent, type WireRecord } from '../../protocol/index.ts'
import { newCid } from '../../load/chat-client.ts'
import { testApp, type TestApp } from '../support/app.ts'

let room: TestApp

afterEach(() => room.stop())

/** Collect everything that a raw socket is told. */
function listen(socket: WebSocket): { texts: string[]; next(): Promise<void> } {
  const texts: string[] = []
  socket.on('message', (data: Buffer) => texts.push(data.toString()))
  return { texts, next: async () => void (await once(socket, 'message')) }
}

describe('the chat server', () => {
  it('lets two people talk over real sockets, compressed', async () => {
    room = await testApp()
    const [anna, bo] = [await room.client('Anna'), await room.client('Bo')]
    await anna.join('general')
    await bo.join('general')
    await anna.send('general', 'hello')
    await bo.send('general', 'hi '.repeat(1000))
    await bo.close()
    await anna.close()
    for (const client of [anna, bo]) {
      expect(
        [...client.rooms.get('general')!.entries.values()].map((entry) => entry.kind === 'msg' && entry.text),
      ).toEqual(['hello', 'hi '.repeat(1000).trim()])
    }
    expect(bo.closed).toMatchObject({ code: 1000 })
  })

  it('refuses a foreign origin with 403, a missing subprotocol with 400, an unknown path with 404', async () => {
    room = await testApp()
    const status = async (path: string, protocols: string[], origin?: string): Promise<number> => {
      const socket = new WebSocket(room.socketUrl(path), protocols, origin === undefined ? {} : { origin })
      socket.on('error', () => {})
      const [, response] = await once(socket, 'unexpected-response')
      const { statusCode } = response as { statusCode: number }
      socket.terminate()
      return statusCode
    }
    expect(await status('/chat', ['chat.v1'], 'https://evil.example')).toBe(403)
    expect(await status('/chat', ['other'])).toBe(400)
    expect(await status('/nowhere', ['chat.v1'])).toBe(404)
  })

  it('answers floods from one address with 429', async () => {
    room = await testApp({ MAX_PER_ADDRESS: '2' })
    await room.client('Anna')
    await room.client('Bo')
    const third = new WebSocket(room.socketUrl(), ['chat.v1'])
    third.on('error', () => {})
    const [, response] = await once(third, 'unexpected-response')
    expect((response as { statusCode: number }).statusCode).toBe(429)
    third.terminate()
  })

  it('answers broken JSON with an error, closes at the fifth, and goes on for everybody else', async () => {
    room = await testApp()
    const anna = await room.client('Anna')
    await anna.join('general')
    const socket = new WebSocket(room.socketUrl(), ['chat.v1'])
    const heard = listen(socket)
    await heard.next()
    for (let i = 0; i < 4; i += 1) socket.send('{')
    socket.send(Buffer.of(1, 2, 3))
    const [code] = await once(socket, 'close')
    expect(code).toBe(1003)
    expect(heard.texts.filter((text) => text.includes('"code":4000'))).toHaveLength(4)
    await anna.send('general', 'still here')
  })

  it('ends no process for a frame that breaks the protocol', async () => {
    room = await testApp()
    const anna = await room.client('Anna')
    await anna.join('general')
    const socket = new WebSocket(room.socketUrl(), ['chat.v1'])
    await once(socket, 'open')
    const { _socket: tcp } = socket as unknown as { _socket: import('node:net').Socket }
    tcp.write(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0))
    const [code] = await once(socket, 'close')
    expect(code).toBe(1002)
    await anna.send('general', 'still here')
  })

  it('says bye and closes with 1012 when it drains; what was asked before is answered', async () => {
    room = await testApp({ DRAIN_MS: '200' })
    const anna = await room.client('Anna')
    await anna.join('general')
    const last = anna.send('general', 'the last word')
    await Promise.all([room.app.drain(), last])
    await anna.ended()
    expect(anna.closed?.code).toBe(1012)
    expect(anna.events.filter(({ t }) => t === 'bye')).toHaveLength(1)
    expect((await last).seq).toBe(1)
  })
})

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
})

describe('the wire inspector', () => {
  async function tap(secret: string): Promise<{ socket: WebSocket; events: WireEvent[]; records: WireRecord[] }> {
    const socket = new WebSocket(room.socketUrl('/wire'), ['wire.v1'])
    const events: WireEvent[] = []
    const records: WireRecord[] = []
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) records.push(decodeRecord(new Uint8Array(data))!)
      else events.push(readWireEvent(data.toString())!)
    })
    await once(socket, 'open')
    socket.send(JSON.stringify({ t: 'tap', d: { secret } }))
    return { socket, events, records }
  }
  const until = async (socket: WebSocket, done: () => boolean): Promise<void> => {
    while (!done()) await once(socket, 'message')
  }
  const secretOf = async (
    name: string,
  ): Promise<{ secret: string; client: Awaited<ReturnType<TestApp['client']>> }> => {
    let secret = ''
    const client = await room.client(name, {
      onEvent: (event) => {
        if (event.t === 'hello') secret = event.d.wire!.secret
      },
    })
    return { secret, client }
  }

  it('shows the frames of its own connection from the first on, with the secrets starred', async () => {
    room = await testApp()
    const { secret, client } = await secretOf('Anna')
    await client.join('general')
    const { socket, events, records } = await tap(secret)
    await client.send('general', 'on the wire '.repeat(100))
    const plain = (record: WireRecord): string => Buffer.from(record.bytes).toString()
    const isEcho = (record: WireRecord): boolean =>
      record.kind === 1 && record.direction === 1 && plain(record).includes('"t":"msg"')
    await until(socket, () => records.some(isEcho))
    const [tapped] = events
    expect(tapped).toMatchObject({ t: 'tapped', d: { protocol: 'chat.v1', secure: false } })
    if (tapped?.t !== 'tapped') throw new Error('tapped comes first')
    expect(tapped.d.request).toMatch(/^GET \/chat HTTP\/1\.1\r\n/)
    expect(tapped.d.response).toContain(`Sec-WebSocket-Accept: ${tapped.d.accept.accept}`)
    const numbers = records.filter(({ kind }) => kind === 0).map(({ number }) => number)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, i) => i + 1))
    const all = records.map(plain).join('\n')
    expect(all).not.toContain(secret)
    expect(all).not.toContain(client.session)
    const sent = records.find(
      (record) => record.kind === 1 && record.direction === 0 && plain(record).includes('"t":"send"'),
    )
    expect(plain(sent!)).toContain('on the wire on the wire')
    socket.close()
    await once(socket, 'close')
  })

  it('does what the page asks to go wrong', async () => {
    room = await testApp()
    const { secret, client } = await secretOf('Anna')
    await client.join('general')
    const { socket, events } = await tap(secret)
    const fault = async (kind: string, more: object = {}): Promise<void> => {
      socket.send(JSON.stringify({ t: 'fault', d: { kind, ...more } }))
      await until(socket, () => events.some((event) => event.t === 'fault' && event.d.kind === kind))
    }
    await fault('duplicate', { count: 1 })
    await client.send('general', 'twice')
    expect(client.rooms.get('general')!.duplicates).toBe(1)
    await fault('loseAcks', { count: 1 })
    const cid = newCid()
    const lost = client.send('general', 'lost', cid)
    let isAnswered = false
    lost.then(
      () => (isAnswered = true),
      () => {},
    )
    // The next one comes with a gap before it; the gap is fetched, and the same cid is known.
    await client.send('general', 'next')
    expect(await client.send('general', 'lost', cid)).toMatchObject({ seq: 2, dup: true })
    expect(isAnswered).toBe(false)
    expect(client.rooms.get('general')).toMatchObject({ gaps: 1, last: 3 })
    await fault('drop')
    await client.ended()
    expect(client.closed?.code).toBe(1006)
    await until(socket, () => events.some(({ t }) => t === 'closed'))
  })

  it('sends a frame that no client may accept', async () => {
    room = await testApp()
    const { secret, client } = await secretOf('Anna')
    const { socket, records } = await tap(secret)
    socket.send(JSON.stringify({ t: 'fault', d: { kind: 'badFrame' } }))
    await client.ended()
    // What the client reports is its own failure; RFC 6455 7.1.5 has it as 1006 or as the code it has sent.
    expect([1002, 1006]).toContain(client.closed?.code)
    await until(socket, () => records.some(({ bytes }) => bytes[0] === 0xa1))
  })

  it('knows no wrong secret, and wants one within 5 s', async () => {
    room = await testApp()
    const { socket } = await tap('wrong')
    const [code] = await once(socket, 'close')
    expect(code).toBe(4001)
  })

  it('is not there when it is turned off', async () => {
    room = await testApp({ WIRE: 'off' })
    let wire: unknown = 'unset'
    await room.client('Anna', {
      onEvent: (event) => {
        if (event.t === 'hello') wire = event.d.wire
      },
    })
    expect(wire).toBeUndefined()
  })

  it('writes a record and reads it again', async () => {
    room = await testApp()
    const record = {
      kind: 1,
      direction: 0,
      redacted: true,
      cut: false,
      number: 7,
      ref: 6,
      time: 1.5,
      bytes: Uint8Array.of(1, 2),
    } as const
    expect(decodeRecord(encodeRecord(record))).toEqual(record)
    expect(decodeRecord(Uint8Array.of(9, 0, 0))).toBeUndefined()
  })
})
