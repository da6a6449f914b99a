import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { makeSelfSigned } from '../../../src/cli/self-signed.ts'
import { ChatClient } from '../../load/chat-client.ts'
import { NodeProcess } from '../../load/node-process.ts'
import { makeSocket } from '../support/app.ts'

let folder: string
let node: NodeProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chat-process-'))
})

afterEach(async () => {
  await node?.end('SIGKILL')
  node = undefined
  rmSync(folder, { recursive: true, force: true })
})

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

describe('the program', { timeout: 60_000 }, () => {
  it('keeps everything when it is killed in mid-conversation and started again', async () => {
    const env = { STORE: `file:${join(folder, 'chat.db')}` }
    node = await NodeProcess.start(env)
    const anna = new ChatClient({ url: node.socketUrl, make: makeSocket, name: 'Anna' })
    await anna.connect()
    await anna.join('general')
    for (const text of ['one', 'two', 'three']) await anna.send('general', text)
    await node.end('SIGKILL')
    await anna.ended()
    node = await NodeProcess.start(env)
    const { userId } = anna
    await anna.connect(node.socketUrl)
    expect(anna.userId).toBe(userId)
    const reply = await anna.join('general')
    expect(reply).toMatchObject({ reset: false, missed: 0, head: 3 })
    expect(await anna.send('general', 'four')).toMatchObject({ seq: 4 })
  })

  it('ends by SIGTERM with bye, 1012 and exit 0, and at once by a second signal', async () => {
    node = await NodeProcess.start({ STORE: 'memory', DRAIN_MS: '100' })
    const anna = new ChatClient({ url: node.socketUrl, make: makeSocket, name: 'Anna' })
    await anna.connect()
    expect(await node.end('SIGTERM')).toBe(0)
    await anna.ended()
    expect(anna.closed?.code).toBe(1012)
    node = await NodeProcess.start({ STORE: 'memory', DRAIN_MS: '600000' })
    // Somebody hears the first goodbye, and the second is a long way off.
    const { promise: bye, resolve: heard } = withResolvers()
    const onEvent = ({ t }: { t: string }): void => void (t === 'bye' && heard())
    const url = node.socketUrl
    const crowd = [1, 2].map((n) => new ChatClient({ url, make: makeSocket, name: `c${n}`, onEvent }))
    for (const client of crowd) await client.connect()
    node.kill('SIGTERM')
    await bye
    expect(await node.end('SIGTERM')).toBe(1)
  })

  it('says in one line what it cannot listen on or reach, or which variables are wrong, and exits with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    await expect(NodeProcess.start({ STORE: 'memory', PORT: String(port) })).rejects.toThrow(
      `the node ended with 1: port ${port} on 127.0.0.1 is taken: set PORT to another\n`,
    )
    await expect(NodeProcess.start({ STORE: 'memory', INTERNAL_PORT: String(port) })).rejects.toThrow(
      `the node ended with 1: port ${port} on 127.0.0.1 is taken: set INTERNAL_PORT to another\n`,
    )
    other.close()
    await expect(NodeProcess.start({ STORE: 'memory', HOST: '192.0.2.1' })).rejects.toThrow(
      'the node ended with 1: HOST=192.0.2.1: an address of this machine is required\n',
    )
    await expect(NodeProcess.start({ REDIS_URL: `redis://127.0.0.1:${port}`, STORE: 'redis' })).rejects.toThrow(
      /^the node ended with 1: Redis at 127\.0\.0\.1:\d+ cannot be reached: .*\n$/,
    )
    await expect(NodeProcess.start({ PORT: '-1', GUESTS: 'perhaps' })).rejects.toThrow(
      /PORT=-1: .*\nGUESTS=perhaps: .*\n$/,
    )
  })
})

describe('SIGHUP', { timeout: 60_000 }, () => {
  it('has a new certificate served to new connections; one that cannot be read changes nothing', async () => {
    const files = { TLS_CERT: join(folder, 'cert.pem'), TLS_KEY: join(folder, 'key.pem') }
    const renew = (): void => {
      const { cert, key } = makeSelfSigned(['127.0.0.1'], Date.now())
      writeFileSync(files.TLS_CERT, cert)
      writeFileSync(files.TLS_KEY, key)
    }
    renew()
    node = await NodeProcess.start({ STORE: 'memory', LOG_LEVEL: 'info', ...files })
    const port = Number(new URL(node.url).port)
    const fingerprint = async (): Promise<string> => {
      const tls: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
      await once(tls, 'secureConnect')
      const { fingerprint256 } = tls.getPeerCertificate()
      tls.destroy()
      return fingerprint256
    }
    const make = (url: string, protocols: string[]): WebSocket =>
      new WebSocket(url, protocols, { rejectUnauthorized: false })
    const anna = new ChatClient({ url: node.socketUrl, make, name: 'Anna' })
    await anna.connect()
    await anna.join('general')
    const first = await fingerprint()
    renew()
    const again = node.says(/were read again/)
    node.kill('SIGHUP')
    await again
    const second = await fingerprint()
    expect(second).not.toBe(first)
    writeFileSync(files.TLS_CERT, 'nonsense')
    const refused = node.says(/not read again/)
    node.kill('SIGHUP')
    await refused
    expect(await fingerprint()).toBe(second)
    await anna.send('general', 'through it all')
  })

  it('sends away with 4010 who came in with a key that is gone, also when the token named none', async () => {
    // The algorithm alone tells which key is meant: these tokens name none.
    const key = async (kid: string, alg: string): Promise<{ sign: () => Promise<string>; jwk: object }> => {
      const { publicKey, privateKey } = await generateKeyPair(alg)
      const claims = { sub: kid, name: kid, iss: 'i', aud: 'a' }
      const sign = (): Promise<string> =>
        new SignJWT(claims).setProtectedHeader({ alg }).setExpirationTime('5m').sign(privateKey)
      return { sign, jwk: { ...(await exportJWK(publicKey)), alg, kid } }
    }
    const [old, kept] = [await key('old', 'ES256'), await key('kept', 'EdDSA')]
    const JWKS_FILE = join(folder, 'keys.json')
    writeFileSync(JWKS_FILE, JSON.stringify({ keys: [old.jwk, kept.jwk] }))
    node = await NodeProcess.start({ STORE: 'memory', GUESTS: 'off', JWKS_FILE, JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' })
    const enter = async (token: string): Promise<WebSocket> => {
      const socket = new WebSocket(node!.socketUrl, ['chat.v1', `bearer.${token}`])
      const texts: string[] = []
      socket.on('message', (data: Buffer) => texts.push(data.toString()))
      await once(socket, 'open')
      expect(socket.protocol).toBe('chat.v1')
      // The token of the handshake is worked on before what comes by message.
      socket.send('{"t":"join","id":1,"room":"general","d":{}}')
      while (!texts.some((text) => text.includes('"re":1'))) await once(socket, 'message')
      expect(texts.at(-1)).toContain('"ok":true')
      return socket
    }
    const [one, two] = [await enter(await old.sign()), await enter(await kept.sign())]
    writeFileSync(JWKS_FILE, JSON.stringify({ keys: [kept.jwk] }))
    node.kill('SIGHUP')
    const [code] = await once(one, 'close')
    expect(code).toBe(4010)
    expect(two.readyState).toBe(WebSocket.OPEN)
    const refused = new WebSocket(node.socketUrl, ['chat.v1', `bearer.${await old.sign()}`])
    const [why] = await once(refused, 'close')
    expect(why).toBe(4001)
    two.terminate()
  })
})
