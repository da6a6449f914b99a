/** However much a server sends, a client does not keep it: the largest the process has been tells. RFC 6455 10.4. */
import { constants, deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from '../../src/node/websocket.ts'
import { MiB } from '../support/memory.ts'
import { accepted, RawServer, type RawRequest } from './raw-server.ts'

/** What is sent, or comes out of what is sent. */
const FLOOD = 512 * MiB
/** Room for all that a process does besides. */
const BOUND = 64 * MiB

const server = new RawServer()
beforeEach(() => server.listen())
afterEach(() => server.close())

/** How much larger than ever before the process becomes, in bytes, until this client has failed. */
async function growthOf(play: (request: RawRequest) => void, perMessageDeflate = false): Promise<number> {
  const before = process.resourceUsage().maxRSS
  server.answer = play
  const socket = new WebSocket(server.url, { perMessageDeflate, maxPayload: MiB, closeTimeout: 200 })
  let failure: Error | undefined
  socket.onerror = ({ error }) => (failure = error)
  await new Promise((resolve) => (socket.onclose = resolve))
  // It has had enough by itself: no deadline had to end it.
  expect(failure).toBeInstanceOf(Error)
  expect(failure).not.toMatchObject({ code: 'timeout' })
  await server.untilAlone()
  return (process.resourceUsage().maxRSS - before) * 1024
}

/** Write for ever, as far as the other end reads. */
function flood({ socket }: RawRequest, head: string, line: string): void {
  const bytes = Buffer.from(line.repeat(64))
  let written = 0
  const write = (): void => {
    while (!socket.destroyed && written < FLOOD) {
      written += bytes.length
      if (!socket.write(bytes)) return
    }
  }
  socket.write(head)
  socket.on('drain', write)
  write()
}

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\n'
const LINE = `X-Filler: ${'x'.repeat(1000)}\r\n`

describe('the memory of a client is not filled by', () => {
  it('a field of the head without an end', async () => {
    const play = (request: RawRequest): void => flood(request, `${SWITCHING}X-Filler: `, 'x'.repeat(1000))
    expect(await growthOf(play)).toBeLessThan(BOUND)
  })

  it('the body of a refusal without an end', async () => {
    const play = (request: RawRequest): void => flood(request, 'HTTP/1.1 503 Busy\r\n\r\n', LINE)
    expect(await growthOf(play)).toBeLessThan(BOUND)
  })

  it('a message without an end, of one frame or of many', async () => {
    for (const frame of ['\x02\x7f\x00\x00\x00\x01\x00\x00\x00\x00', '']) {
      const line = frame === '' ? `\x00\x7d${'a'.repeat(125)}` : LINE
      const start = frame === '' ? '\x02\x00' : frame
      const play = (request: RawRequest): void => flood(request, `${accepted(request.key)}${start}`, line)
      expect(await growthOf(play)).toBeLessThan(BOUND)
    }
  })

  it('a few bytes that inflate to many (RFC 7692 7.2.2)', async () => {
    const part = deflateRawSync(Buffer.alloc(MiB), { finishFlush: constants.Z_SYNC_FLUSH })
    const bomb = Buffer.concat(Array.from({ length: FLOOD / MiB }, () => part))
    const header = Buffer.from([0xc2, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0])
    header.writeBigUInt64BE(BigInt(bomb.length), 2)
    const play = ({ key, socket }: RawRequest): void => {
      socket.write(accepted(key, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'))
      socket.write(Buffer.concat([header, bomb]))
    }
    expect(bomb.length).toBeLessThan(MiB)
    expect(await growthOf(play, true)).toBeLessThan(BOUND)
  })
})
