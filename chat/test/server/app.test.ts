import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { listen, testApp, type TestApp } from '../support/app.ts'

let room: TestApp

afterEach(() => room.stop())

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
    for (const profile of ['s0', 's1', 's3', 's4']) {
      expect(await status(`/legacy/${profile}`, [], 'https://evil.example')).toBe(403)
    }
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

  it.each(['/chat', '/legacy/s0', '/legacy/s1', '/legacy/s3', '/legacy/s4'])(
    'ends no process for a frame that breaks the protocol on %s',
    async (path) => {
      room = await testApp()
      const anna = await room.client('Anna')
      await anna.join('general')
      const socket = new WebSocket(room.socketUrl(path), path === '/chat' ? ['chat.v1'] : [])
      await once(socket, 'open')
      const { _socket: tcp } = socket as unknown as { _socket: import('node:net').Socket }
      tcp.write(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0))
      const [code] = await once(socket, 'close')
      expect(code).toBe(1002)
      await anna.send('general', 'still here')
    },
  )

  it.each([false, true])('closes with 1009 at a message of over 64 KiB (deflated: %j)', async (perMessageDeflate) => {
    room = await testApp()
    const closeCodeFor = async (bytes: number): Promise<number> => {
      const socket = new WebSocket(room.socketUrl(), ['chat.v1'], { perMessageDeflate })
      await once(socket, 'open')
      socket.send('x'.repeat(bytes))
      const [code] = await once(socket, 'close')
      return code as number
    }
    expect(await closeCodeFor(65_537)).toBe(1009)
    // This one is read, and is too much for somebody who has not said who he is.
    expect(await closeCodeFor(65_536)).toBe(4001)
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
