import { once } from 'node:events'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from '../../src/node/websocket.ts'
import { accepted, RawServer } from '../client/raw-server.ts'
import { Bound } from '../support/bound.ts'
import { stopClock } from '../support/clock.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { SlowExtension } from '../support/slow-extension.ts'
import { turns, turnsUntil, turnsUntilStill } from '../support/turns.ts'

const CLOSE = clientFrame(8, Buffer.from([3, 232]))
const LOST = { code: 1006, clean: false, cause: 'transport' }
const TIMED_OUT = { code: 1006, clean: false, cause: 'timeout' }

stopClock()

describe('A peer that ends its side of the stream', () => {
  it('gets what is on its way, and is sent nothing more (RFC 9293 3.6)', async () => {
    const bound = new Bound()
    const { connection, output } = bound.binding
    const farEnded = once(bound.far, 'end')
    bound.near.hold()
    connection.send(new Uint8Array(50_000))
    const sent = output.whenSent()
    bound.far.end()
    await turns()
    expect(connection.state).toBe('draining')
    expect(bound.outcomes).toEqual([])
    expect([connection.send('more'), connection.ping()]).toEqual([false, false])
    expect(await output.ready()).toBe(false)
    expect(output.bufferedAmount).toBe(50_004)
    bound.near.release()
    expect(await sent).toBe(true)
    await farEnded
    expect(bound.frames.map(({ payload }) => payload.length)).toEqual([50_000])
    expect(bound.outcomes).toMatchObject([LOST])
    expect(output.bufferedAmount).toBe(0)
  })

  it('gets the message that the extension still works on', async () => {
    const extension = new SlowExtension()
    const bound = new Bound({ extension })
    const { connection, output } = bound.binding
    for (const word of ['one', 'two']) connection.send(word)
    const sent = output.whenSent()
    bound.far.end()
    await turns()
    expect([connection.send('three'), bound.outcomes, output.bufferedAmount]).toEqual([false, [], 6])
    for (let i = 0; i < 2; i++) extension.finishEncoding()
    expect(await sent).toBe(true)
    await turns()
    expect(bound.frames.map(({ payload }) => payload.toString())).toEqual(['pof', 'uxp'])
    expect(bound.outcomes).toMatchObject([LOST])
    expect(output.bufferedAmount).toBe(0)
  })

  it('gets the Close frame that waits behind such a message, and the end is clean when it sent one too', async () => {
    const extension = new SlowExtension()
    const bound = new Bound({ extension })
    bound.binding.connection.send('one')
    await bound.send(CLOSE)
    bound.far.end()
    await turns()
    expect(bound.outcomes).toEqual([])
    extension.finishEncoding()
    await turns()
    expect(bound.frames.map(({ opcode }) => opcode)).toEqual([1, 8])
    expect(bound.outcomes).toMatchObject([{ code: 1000, clean: true, cause: 'peer' }])
  })

  it('gets the pong that it is owed', async () => {
    const bound = new Bound()
    bound.near.hold()
    bound.binding.connection.send(new Uint8Array(50_000))
    bound.binding.flush()
    await bound.send(clientFrame(9, 'p'))
    bound.far.end()
    await turns()
    bound.near.release()
    await turns()
    expect(bound.frames.map(({ opcode }) => opcode)).toEqual([2, 10])
  })

  it('gets the answers to what it said before, though reading rested', async () => {
    const bound = new Bound({
      listener: { message: (_owner, message) => bound.binding.connection.send(message) },
    })
    bound.near.hold()
    await bound.send(...Array.from({ length: 40 }, () => clientFrame(2, new Uint8Array(16_000))))
    bound.far.end()
    await turns()
    bound.near.release()
    await turns(50)
    expect(bound.frames.length).toBe(40)
    expect(bound.outcomes).toMatchObject([LOST])
  })

  it('and takes nothing is dropped when its time is over; what was not sent is counted', async () => {
    const bound = new Bound()
    const { connection, output } = bound.binding
    bound.near.hold()
    connection.send(new Uint8Array(50_000))
    const sent = output.whenSent()
    bound.far.end()
    await turns()
    vi.advanceTimersByTime(900)
    expect(bound.outcomes).toEqual([])
    vi.advanceTimersByTime(400)
    expect(bound.outcomes).toMatchObject([TIMED_OUT])
    expect(await sent).toBe(false)
    await turns()
    expect([output.bufferedAmount, bound.outcomes.length]).toEqual([50_004, 1])
  })

  it('waits no longer than that for an extension that is never done', async () => {
    const bound = new Bound({ extension: new SlowExtension() })
    const { connection, output } = bound.binding
    connection.send('never done')
    const sent = output.whenSent()
    bound.far.end()
    await turns()
    vi.advanceTimersByTime(1400)
    expect(bound.outcomes).toMatchObject([TIMED_OUT])
    expect(await sent).toBe(false)
    expect(output.bufferedAmount).toBe(10)
  })

  it('and takes nothing is dropped as well while what it said before waits to be read', async () => {
    const bound = new Bound({
      listener: { message: (_owner, message) => bound.binding.connection.send(message) },
    })
    bound.near.hold()
    // All in one piece: some of it waits in the connection, not in the stream, when the end comes.
    await bound.send(Buffer.concat(Array.from({ length: 40 }, () => clientFrame(2, new Uint8Array(16_000)))))
    bound.far.end()
    bound.near.read()
    bound.near.resume()
    await turns()
    expect(bound.binding.connection.state).toBe('open')
    vi.advanceTimersByTime(1400)
    expect(bound.outcomes).toMatchObject([TIMED_OUT])
  })

  it('is waited for as long as the application takes to read what it said', async () => {
    const bound = new Bound({
      listener: { message: (_owner, message) => bound.binding.connection.send(message) },
    })
    bound.binding.connection.pause()
    bound.binding.receive(clientFrame(1, 'last words').slice())
    bound.far.end()
    bound.near.resume()
    await turns()
    vi.advanceTimersByTime(5000)
    expect(bound.outcomes).toEqual([])
    bound.binding.connection.resume()
    await turns()
    expect(bound.frames.map(({ payload }) => payload.toString())).toEqual(['last words'])
    expect(bound.outcomes).toMatchObject([LOST])
  })
})

describe('A stream that somebody else has ended', () => {
  it('ends the connection with the next message, which is counted as not sent', async () => {
    const bound = new Bound()
    const { connection, output } = bound.binding
    bound.near.end()
    await turns()
    connection.send('hello')
    const sent = output.whenSent()
    expect(await sent).toBe(false)
    await turns()
    expect(bound.outcomes).toMatchObject([LOST])
    expect([output.bufferedAmount, connection.send('more')]).toEqual([7, false])
  })
})

describe('A client that ends its side of TCP', () => {
  it('gets a big answer that was being compressed', async () => {
    const text = 'the same again, '.repeat(100_000)
    const answers: boolean[] = []
    const { port, closed, outcomes } = await serve({
      perMessageDeflate: true,
      message: (socket) => void answers.push(socket.send(text), socket.send(text)),
    })
    const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
    client.socket.allowHalfOpen = true
    client.send(clientFrame(1, 'go'))
    client.socket.end()
    const frames = await client.take(2)
    await client.ended()
    expect(frames.map(({ opcode, rsv }) => [opcode, rsv])).toEqual([
      [1, 4],
      [1, 4],
    ])
    expect(await closed()).toMatchObject(LOST)
    expect([answers.length, outcomes.length]).toEqual([2, 1])
  })

  it('gets all that was sent before however slowly it reads, and nothing that was sent after', async () => {
    const chunk = new Uint8Array(1 << 20)
    const count = 16
    const { port, opened, closed, outcomes } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    client.socket.allowHalfOpen = true
    client.socket.pause()
    for (let i = 0; i < count; i++) socket.send(chunk)
    client.socket.end()
    await turnsUntil(() => socket.readyState === 2)
    expect([socket.send('more'), await socket.sendAsync('more'), await socket.ready()]).toEqual([false, false, false])
    expect(socket.bufferedAmount).toBeGreaterThan(0)
    client.socket.resume()
    expect((await client.take(count)).every(({ payload }) => payload.length === chunk.length)).toBe(true)
    await client.ended()
    expect(await closed()).toMatchObject(LOST)
    expect([client.frames.length, outcomes.length, socket.bufferedAmount]).toEqual([count, 1, 0])
  })

  it('and reads nothing is dropped after closeTimeout, with what it did not take counted', async () => {
    const { port, opened, closed, outcomes } = await serve({ closeTimeout: 1000 })
    const client = await RawClient.open(port)
    const socket = await opened()
    client.socket.allowHalfOpen = true
    client.socket.pause()
    for (let i = 0; i < 16; i++) socket.send(new Uint8Array(1 << 20))
    const sent = socket.sendAsync('the last')
    client.socket.end()
    await turnsUntil(() => socket.readyState === 2)
    await turnsUntilStill(() => socket.bufferedAmount)
    // The first time is over for what was still being taken, the second for what is not.
    for (let i = 0; i < 2; i++) vi.advanceTimersByTime(1500)
    expect(await closed()).toMatchObject(TIMED_OUT)
    expect([await sent, socket.send('more'), outcomes.length]).toEqual([false, false, 1])
    expect(socket.bufferedAmount).toBeGreaterThan(0)
    client.destroy()
  })
})

describe('A server that ends its side of TCP', () => {
  it('gets the message that the client was compressing', async () => {
    const server = new RawServer()
    await server.listen()
    onTestFinished(() => server.close())
    const received: Buffer[] = []
    const whole = new Promise<void>((resolve) => {
      server.answer = ({ key, socket }) => {
        socket.allowHalfOpen = true
        socket.write(accepted(key, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'))
        socket.on('data', (chunk: Buffer) => void received.push(chunk))
        socket.once('end', resolve)
        socket.end()
      }
    })
    const client = new WebSocket(server.url)
    await once(client, 'open')
    client.send('the same again, '.repeat(100_000))
    const [event] = await once(client, 'close')
    await whole
    const [first, second] = Buffer.concat(received)
    expect([first, second! & 0x80]).toEqual([0xc1, 0x80])
    expect(event).toMatchObject({ code: 1006, wasClean: false })
    expect(client.bufferedAmount).toBe(0)
  })
})
