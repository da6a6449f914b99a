import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { newCid } from '../../load/chat-client.ts'
import { decodeRecord, encodeRecord, readWireEvent, type WireEvent, type WireRecord } from '../../protocol/index.ts'
import { testApp, type TestApp } from '../support/app.ts'

let room: TestApp

afterEach(() => room.stop())

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
