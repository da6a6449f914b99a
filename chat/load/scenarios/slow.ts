/** One member stops reading. */
import { connect } from 'node:net'
import { newCid } from '../chat-client.ts'
import { allCaughtUp, Fleet, forEach, startNode } from '../fleet.ts'
import { count, metric, milliseconds } from '../process-stats.ts'
import { eventually, must, percentile, type Scenario, sleep } from '../scenario.ts'

const ROOM = 'general'

export const slow: Scenario = {
  name: 'slow',
  about: 'a member that never reads, in a room where a lot is said',
  invariant: 'the slow one is closed with 4103 at 1 MiB; everybody else gets everything, without waiting for it',
  async run(context) {
    const clients = context.clients ?? 60
    const node = await startNode(context)
    const fleet = new Fleet(context)
    const delays: number[] = []
    const onEntry = (_room: string, entry: { ts: number }): void => void delays.push(Date.now() - entry.ts)
    await fleet.add(clients, node.socketUrl, { onEntry })
    await forEach(fleet.clients, (client) => client.join(ROOM))
    await addSlowReader(node.socketUrl)
    await eventually(
      'the slow reader is in the room',
      async () => (await fleet.clients[0]!.ask('presence', {}, ROOM)).users === clients + 1,
      10_000,
    )
    const text = 'x'.repeat(4000)
    let sent = 0
    const slowOnes = 'ws_close_total{code="4103",by="server"}'
    const closed = async (): Promise<boolean> => (await metric(node, slowOnes)) === 1
    for (let round = 0; !(await closed()); round += 1) {
      must(round < 400, 'the slow reader is still there after 400 rounds')
      await forEach(fleet.clients, async (client) => {
        await client.surely('send', { cid: newCid(), text }, { room: ROOM })
        sent += 1
      })
      context.progress(`${count(sent)} messages of 4,000 characters`)
      await sleep(200)
    }
    await allCaughtUp(fleet.clients, ROOM, sent)
    must(
      fleet.clients.every(({ isOpen }) => isOpen),
      'somebody else was closed, too',
    )
    delays.sort((a, b) => a - b)
    const p99 = percentile(delays, 99)
    must(p99 < 3000, `the others waited: p99 ${milliseconds(p99)}`)
    return [
      ['other members', count(clients)],
      ['messages until the slow one was closed', count(sent)],
      ['delivery to the others, p50 / p99', `${milliseconds(percentile(delays, 50))} / ${milliseconds(p99)}`],
      ['others closed', '0'],
    ]
  },
}

/** A handshake, auth and join by hand; then nothing is read any more. */
async function addSlowReader(socketUrl: string): Promise<void> {
  const { hostname, port, host } = new URL(socketUrl)
  const tcp = connect(Number(port), hostname)
  tcp.on('error', () => {})
  tcp.write(
    `GET /chat HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n',
  )
  await new Promise((resolve) => tcp.once('data', resolve))
  for (const message of [
    { t: 'auth', id: 1, d: { guest: { name: 'slow' } } },
    { t: 'join', id: 2, room: ROOM, d: {} },
  ]) {
    const payload = Buffer.from(JSON.stringify(message))
    // Masked with a key of zeros, which leaves the payload as it is. RFC 6455 5.3.
    tcp.write(Buffer.concat([Uint8Array.of(0x81, 0x80 | payload.length, 0, 0, 0, 0), payload]))
  }
  await new Promise((resolve) => tcp.once('data', resolve))
  tcp.pause()
}
