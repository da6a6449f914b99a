import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { testApp, type TestApp } from '../support/app.ts'

type Message = Record<string, unknown>

/** A page written after a tutorial, as far as its socket goes. */
class Page {
  readonly socket: WebSocket
  readonly heard: Message[] = []
  readonly binary: boolean[] = []

  constructor(url: string) {
    this.socket = new WebSocket(url)
    this.socket.on('message', (data: Buffer, isBinary) => {
      this.binary.push(isBinary)
      this.heard.push(JSON.parse(data.toString()) as Message)
    })
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Wait for a message that has these fields. */
  async until(fields: Message): Promise<Message> {
    for (;;) {
      const found = this.heard.find((message) =>
        Object.entries(fields).every(([name, value]) => message[name] === value),
      )
      if (found !== undefined) return found
      await once(this.socket, 'message')
    }
  }
}

let app: TestApp

beforeEach(async () => {
  app = await testApp()
})
afterEach(() => app.stop())

async function page(profile: string, ...first: Message[]): Promise<Page> {
  const made = new Page(app.socketUrl(`/legacy/${profile}`))
  await once(made.socket, 'open')
  for (const message of first) made.say(message)
  return made
}

describe('the profile s0', () => {
  const login = (userName: string, roomId: unknown = 'tea'): Message => ({
    userId: '1',
    userName,
    roomId,
    roomName: 'Tea',
    event: 'login',
  })

  it('shows who comes, what is said, who goes, each with the count', async () => {
    const anna = await page('s0', login('Anna'))
    await anna.until({ event: 'login', userName: 'Anna', num: 1 })
    const bo = await page('s0', login('Bo'))
    await anna.until({ event: 'login', userName: 'Bo', num: 2 })
    bo.say({ userId: '2', userName: 'Bo', roomId: 'tea', roomName: 'Tea', content: 'hello' })
    expect(await anna.until({ content: 'hello' })).toMatchObject({ userName: 'Bo', roomId: 'tea' })
    await bo.until({ content: 'hello' })
    bo.socket.close(1000)
    await anna.until({ event: 'logout', userName: 'Bo', num: 1 })
  })

  it('answers its heartbeat, to the sender alone', async () => {
    const [anna, bo] = [await page('s0', login('Anna')), await page('s0', login('Bo'))]
    await anna.until({ event: 'login', userName: 'Bo' })
    bo.say({ event: 'heartBeat', content: 'ping' })
    await bo.until({ event: 'heartBeat', content: 'pong' })
    expect(anna.heard.some(({ event }) => event === 'heartBeat')).toBe(false)
  })
})

describe('the profile s1', () => {
  it('sends binary frames to everybody, the sender too, under the name that came with the message', async () => {
    const [anna, bo] = [await page('s1'), await page('s1')]
    anna.say({ type: 'ping' })
    // Whoever is quicker speaks to nobody: the other joins first.
    await app.app.hub.connections.values().next().value!.settled()
    for (const connection of app.app.hub.connections) await connection.settled()
    anna.say({ type: 'normal', user: 'Anna', message: 'hello' })
    for (const one of [anna, bo]) {
      expect(await one.until({ message: 'hello' })).toEqual({ type: 'normal', user: 'Anna', message: 'hello' })
      expect(one.binary.every(Boolean)).toBe(true)
      expect(one.heard.some(({ type }) => type === 'ping')).toBe(false)
    }
  })
})

describe('the profile s3', () => {
  it('has enter, message, out and heartbeat, and numbers as rooms', async () => {
    const anna = await page('s3', { event: 'enter', message: 'Anna', roomid: 1 })
    await anna.until({ event: 'enter', message: 'Anna', num: 1 })
    const bo = await page('s3', { event: 'enter', message: 'Bo', roomid: 1 })
    await anna.until({ event: 'enter', message: 'Bo', num: 2 })
    bo.say({ event: 'message', message: 'hello', name: 'Anna' })
    expect(await anna.until({ event: 'message' })).toMatchObject({ message: 'hello', name: 'Bo' })
    bo.say({ event: 'heartbeat' })
    await bo.until({ event: 'heartbeat' })
    bo.say({ event: 'out', name: 'Bo' })
    await anna.until({ event: 'out', name: 'Bo', num: 1 })
  })

  it('answers noAuth to whoever speaks without having entered, and tells nobody else', async () => {
    const anna = await page('s3', { event: 'enter', message: 'Anna', roomid: 'general' })
    await anna.until({ event: 'enter', message: 'Anna' })
    const eve = await page('s3', { event: 'message', message: 'psst', name: 'Anna', token: 'T0KEN' })
    await eve.until({ event: 'noAuth' })
    anna.say({ event: 'message', message: 'after' })
    await anna.until({ message: 'after' })
    expect(anna.heard.some(({ message }) => message === 'psst')).toBe(false)
    expect(JSON.stringify(anna.heard)).not.toContain('T0KEN')
  })
})

describe('the profile s4', () => {
  it('logs in with a name, speaks with a message, and carries num, total, uid and roomid', async () => {
    const anna = await page('s4', { name: 'Anna', roomid: '北京' })
    expect(await anna.until({ event: 'login', name: 'Anna' })).toMatchObject({ num: 1, total: 1, roomid: '北京' })
    anna.say({ name: 'Anna', message: 'hello' })
    expect(await anna.until({ event: 'message' })).toMatchObject({
      message: 'hello',
      name: 'Anna',
      roomid: '北京',
      num: 1,
    })
    const eve = await page('s4', { name: 'Eve', message: 'psst' })
    await eve.until({ event: 'noauth' })
  })
})

describe('what went wrong in the tutorials', () => {
  it('a message that is not JSON ends no process; the fifth closes that socket alone', async () => {
    const anna = await page('s0', { userName: 'Anna', roomId: 'tea', event: 'login' })
    await anna.until({ event: 'login' })
    const eve = await page('s0')
    for (let i = 0; i < 5; i += 1) eve.say('{')
    const [code] = await once(eve.socket, 'close')
    expect(code).toBe(4001)
    anna.say({ content: 'still here' })
    await anna.until({ content: 'still here' })
  })

  it('a client that leaves before its login counts for nobody, and the count never falls below what is there', async () => {
    const anna = await page('s0', { userName: 'Anna', roomId: 'tea', event: 'login' })
    await anna.until({ event: 'login', num: 1 })
    const nobody = await page('s0')
    nobody.socket.terminate()
    const bo = await page('s0', { userName: 'Bo', roomId: 'tea', event: 'login' })
    await anna.until({ event: 'login', userName: 'Bo', num: 2 })
    bo.say({ event: 'logout' })
    await anna.until({ event: 'logout', num: 1 })
    bo.socket.close(1000)
    await once(bo.socket, 'close')
    const cy = await page('s0', { userName: 'Cy', roomId: 'tea', event: 'login' })
    await anna.until({ event: 'login', userName: 'Cy', num: 2 })
    cy.socket.close(1000)
    for (const { num } of anna.heard) if (num !== undefined) expect([1, 2]).toContain(num)
  })

  it.each(['__proto__', 'constructor', 'toString', '../x', ' '])(
    'the room %j is a room like any other',
    async (room) => {
      const anna = await page('s3', { event: 'enter', message: 'Anna', roomid: room })
      await anna.until({ event: 'enter', message: 'Anna', num: 1 })
      anna.say({ event: 'message', message: 'hello' })
      expect(await anna.until({ event: 'message' })).toMatchObject({ name: 'Anna', num: 1 })
    },
  )

  it('nobody can speak, come or go in the name of another', async () => {
    const anna = await page('s4', { name: 'Anna', roomid: 'tea' })
    await anna.until({ event: 'login', name: 'Anna' })
    const eve = await page('s4', { name: 'Eve', roomid: 'tea' })
    await anna.until({ event: 'login', name: 'Eve' })
    eve.say({ event: 'message', name: 'Anna', uid: 'x', message: 'I am Anna' })
    expect(await anna.until({ message: 'I am Anna' })).toMatchObject({ name: 'Eve' })
    eve.say({ event: 'login', name: 'Mallory', num: 99, message: 'fake' })
    expect(await anna.until({ message: 'fake' })).toMatchObject({ event: 'message', name: 'Eve', num: 2 })
  })

  it('who is in no room hears nothing, and rooms do not hear each other', async () => {
    const lurker = await page('s3')
    const other = await page('s3', { event: 'enter', message: 'Cy', roomid: 'coffee' })
    await other.until({ event: 'enter' })
    const anna = await page('s3', { event: 'enter', message: 'Anna', roomid: 'tea' })
    await anna.until({ event: 'enter' })
    anna.say({ event: 'message', message: 'hello' })
    await anna.until({ message: 'hello' })
    expect(lurker.heard).toEqual([])
    expect(other.heard.filter(({ event }) => event === 'message')).toEqual([])
  })

  it('values of any type in any field harm nobody', async () => {
    const eve = await page('s0')
    for (const value of [null, 1, [], { userName: {}, event: 'login' }]) eve.say(value)
    const anna = await page('s0', { userName: 'Anna', roomId: { a: 1 }, event: 'login' })
    await anna.until({ event: 'login', userName: 'Anna' })
    expect(eve.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('a page talks with the people on chat.v1', async () => {
    const modern = await app.client('Modern')
    const anna = await page('s3', { event: 'enter', message: 'Anna', roomid: 'general' })
    await anna.until({ event: 'enter', message: 'Anna' })
    await modern.join('general')
    await modern.send('general', 'from chat.v1')
    expect(await anna.until({ message: 'from chat.v1' })).toMatchObject({ name: 'Modern' })
  })
})
