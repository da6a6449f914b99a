import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { newCid } from '../../load/chat-client.ts'
import { hasRedis, RedisServer } from '../../load/redis-server.ts'
import { ChatClose, type ChatCloseName, LIMITS, readServerMessage, type ServerEvent } from '../../protocol/index.ts'
import { testApp, type TestApp } from '../support/app.ts'

let room: TestApp

afterEach(() => room.stop())

/** A socket that keeps what it was told, and how it ended. */
class Raw {
  readonly socket: WebSocket
  readonly events: ServerEvent[] = []
  readonly ended: Promise<{ code: number; reason: string }>
  session = ''

  constructor(protocols: string[] = ['chat.v1']) {
    this.socket = new WebSocket(room.socketUrl(), protocols)
    this.socket.on('message', (data: Buffer) => {
      const message = readServerMessage(data.toString())!
      if ('event' in message) this.events.push(message.event)
      else if (message.reply.ok) this.session = (message.reply.d as { session: string }).session
    })
    this.ended = once(this.socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
  }

  get conn(): string {
    return (this.events[0] as Extract<ServerEvent, { t: 'hello' }>).d.conn
  }

  async auth(d: object): Promise<this> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open')
    this.socket.send(JSON.stringify({ t: 'auth', id: 1, d }))
    return this
  }

  async guest(name: string, more: object = {}): Promise<this> {
    await this.auth({ guest: { name }, ...more })
    while (this.session === '') await once(this.socket, 'message')
    return this
  }

  /** Ends with this code, after an error event of this name. */
  async endsWith(close: ChatCloseName, error?: string): Promise<void> {
    expect((await this.ended).code).toBe(ChatClose[close])
    const last = this.events.at(-1)
    expect(last?.t === 'error' ? last.d.name : undefined).toBe(error)
  }
}

describe('the close codes', () => {
  it('4002: another version of chat is let in as it was offered, to be told', async () => {
    room = await testApp()
    const future = new Raw(['chat.v2', 'chat.v3'])
    await future.endsWith('version', 'bad_request')
    expect(future.socket.protocol).toBe('chat.v2')
    expect(future.events).toHaveLength(1)
    const both = await new Raw(['chat.v2', 'chat.v1']).guest('Anna')
    expect(both.socket.protocol).toBe('chat.v1')
    both.socket.close()
    await both.ended
  })

  it('4003: a guest where guests are not let in', async () => {
    const keys = {
      keys: [{ kty: 'oct', alg: 'HS256', kid: 'one', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' }],
    }
    room = await testApp({ GUESTS: 'off', JWT_KEYS: JSON.stringify(keys), JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' })
    const guest = await new Raw().auth({ guest: { name: 'Anna' } })
    expect((await guest.ended).code).toBe(ChatClose.forbidden)
  })

  it('4005: the old connection of a page that is back on a new one, whose user stays present', async () => {
    room = await testApp()
    const watcher = await room.client('Bo')
    await watcher.join('general')
    const old = await new Raw().guest('Anna')
    const { conn, session } = old
    const next = await new Raw().auth({ guest: { name: 'Anna', session }, replaces: conn })
    await old.endsWith('replaced')
    next.socket.send('{"t":"ping","d":{"ts":1}}')
    while (!next.events.some(({ t }) => t === 'pong')) await once(next.socket, 'message')
    const stranger = await new Raw().guest('Eve', { replaces: next.conn })
    next.socket.send('{"t":"ping","d":{"ts":2}}')
    while (next.events.filter(({ t }) => t === 'pong').length < 2) await once(next.socket, 'message')
    for (const { socket } of [next, stranger]) socket.close()
  })

  it('4006: an operator asks the internal port; pages cannot', async () => {
    room = await testApp({ INTERNAL_PORT: '0' })
    const [anna, bo] = [await room.client('Anna'), await room.client('Bo')]
    const url = `${room.app.internalUrl}/users/${encodeURIComponent(anna.userId)}/connections`
    const ask = async (method: string, headers = {}): Promise<[number, unknown]> => {
      const response = await fetch(url, { method, headers })
      return [response.status, await response.json()]
    }
    expect((await ask('GET'))[0]).toBe(405)
    expect((await ask('DELETE', { origin: 'http://127.0.0.1' }))[0]).toBe(403)
    expect((await fetch(`${room.app.internalUrl}/users/%ff/connections`, { method: 'DELETE' })).status).toBe(400)
    expect((await fetch(`${room.app.url}/users/x/connections`, { method: 'DELETE' })).status).toBe(405)
    expect(await ask('DELETE')).toEqual([200, { closed: 1 }])
    await anna.ended()
    expect(anna.closed?.code).toBe(ChatClose.kicked)
    expect(await ask('DELETE')).toEqual([200, { closed: 0 }])
    expect(bo.isOpen).toBe(true)
  })

  it('4100: a server that is full tells a few so, and answers 503 to a flood', async () => {
    room = await testApp({ MAX_CONNECTIONS: '10' })
    await Promise.all(Array.from({ length: 10 }, (_, i) => room.client(`${i}`)))
    await new Raw().endsWith('overloaded', 'unavailable')
    // One more than the ten may be there to be told; it stays as long as it does not answer the close.
    const silent = connect(Number(new URL(room.app.url).port), '127.0.0.1')
    silent.write(
      'GET /chat HTTP/1.1\r\nHost: chat\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n',
    )
    expect(String((await once(silent, 'data'))[0])).toMatch(/^HTTP\/1\.1 101 /)
    const flood = new WebSocket(room.socketUrl(), ['chat.v1'])
    flood.on('error', () => {})
    const [, response] = (await once(flood, 'unexpected-response')) as [unknown, { statusCode: number }]
    expect(response.statusCode).toBe(503)
    flood.terminate()
    silent.destroy()
  })

  it('4102: the eleventh connection of a user', async () => {
    room = await testApp()
    const { session } = await new Raw().guest('Anna')
    for (let i = 1; i < LIMITS.connectionsPerUser; i += 1)
      await new Raw().guest('Anna', { guest: { name: 'Anna', session } })
    const eleventh = await new Raw().auth({ guest: { name: 'Anna', session } })
    await eleventh.endsWith('too_many_connections', 'rate_limited')
  })
})

describe.skipIf(!hasRedis())('the close codes of a store that is away', () => {
  let redis: RedisServer

  beforeEach(async () => {
    redis = await RedisServer.start()
  })
  afterEach(() => redis.stop())

  it('4104: nobody can be let in, and who is there stays; 4203: the room of a connection is gone', async () => {
    room = await testApp({ STORE: 'redis', REDIS_URL: redis.url })
    const anna = await room.client('Anna')
    await anna.join('general')
    await redis.kill()
    const late = await new Raw().auth({ guest: { name: 'Bo' } })
    expect((await late.ended).code).toBe(ChatClose.backend_down)
    await expect(anna.send('general', 'kept in the outbox')).rejects.toThrow('unavailable')
    expect(anna.isOpen).toBe(true)
    await redis.start()
    await anna.surely('send', { cid: newCid(), text: 'kept in the outbox' }, { room: 'general' })
    await redis.command('DEL chat:{general}:meta')
    await redis.command('PUBLISH chat:{general}:bus C')
    await anna.ended()
    expect(anna.closed?.code).toBe(ChatClose.state_lost)
  })
})
