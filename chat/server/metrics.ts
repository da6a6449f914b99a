/** The numbers of a node, for Prometheus. No label names a room or a user: their number has no limit. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ServerStats } from 'barewire'
import type { HubEvents } from './hub.ts'

/** Seconds, from a tenth of a millisecond to ten seconds. */
const SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export class Metrics {
  readonly registry = new Registry()
  readonly connections = this.#gauge('ws_connections', 'Open chat connections')
  readonly frames = this.#counter('ws_frames_total', 'Messages and control frames by direction and opcode', [
    'dir',
    'opcode',
  ])
  readonly bytes = this.#counter('ws_bytes_total', 'Bytes of messages (plain), and as they crossed the wire (wire)', [
    'dir',
    'stage',
  ])
  /** The four that are counted for every message, with their labels looked up once. */
  readonly perMessage = {
    in: this.frames.labels('in', 'text'),
    bytesIn: this.bytes.labels('in', 'plain'),
    out: this.frames.labels('out', 'text'),
    bytesOut: this.bytes.labels('out', 'plain'),
  }
  readonly #wireIn = this.bytes.labels('in', 'wire')
  readonly #wireOut = this.bytes.labels('out', 'wire')
  #wire = { bytesIn: 0, bytesOut: 0 }
  #controlsOut: ServerStats['controlsOut'] = { close: 0, ping: 0, pong: 0 }
  /** The text that was counted last: one that goes to many is measured once. */
  #last = { text: '', bytes: 0 }
  readonly closes = this.#counter('ws_close_total', 'Closed connections by code and by whom', ['code', 'by'])
  readonly sendQueue = this.#gauge('ws_send_queue_bytes', 'Unsent bytes of all connections')
  readonly handshake = this.#histogram('ws_handshake_seconds', 'Time to decide on a handshake')
  readonly rtt = this.#histogram(
    'ws_ping_rtt_seconds',
    'Round trip of a ping frame, of a few connections a second in turn',
  )
  readonly messages = this.#counter('chat_messages_total', 'Log entries stored', [])
  readonly ack = this.#histogram('chat_ack_seconds', 'Time until an entry was stored')
  readonly fanout = this.#histogram('chat_fanout_seconds', 'Time to hand an entry to all members here')
  readonly resume = this.#counter('chat_resume_total', 'Joins by result', ['result'])
  readonly duplicates = this.#counter('chat_duplicates_total', 'Sends whose cid was known', [])
  readonly gaps = this.#counter('chat_gap_total', 'Entries that no notice had brought', [])
  readonly redelivered = this.#counter('chat_redelivered_total', 'Entries sent again for want of an ack', [])
  readonly refused = this.#counter('chat_refused_total', 'Requests that failed, by error', ['error'])
  readonly busLag = this.#histogram('chat_bus_lag_seconds', 'Time from the stamp of an entry to its notice')
  readonly draining = this.#gauge('chat_draining', '1 while the node goes down')

  received(message: string | Uint8Array): void {
    if (typeof message === 'string') this.perMessage.in.inc()
    else this.frames.inc({ dir: 'in', opcode: 'binary' })
    this.perMessage.bytesIn.inc(typeof message === 'string' ? Buffer.byteLength(message) : message.length)
  }

  sent(text: string): void {
    this.perMessage.out.inc()
    if (text !== this.#last.text) this.#last = { text, bytes: Buffer.byteLength(text) }
    this.perMessage.bytesOut.inc(this.#last.bytes)
  }

  /** Take over what the server of the sockets has counted, right before somebody asks. */
  counted({ bytesIn, bytesOut, bufferedAmount, controlsOut }: ServerStats): void {
    this.#wireIn.inc(bytesIn - this.#wire.bytesIn)
    this.#wireOut.inc(bytesOut - this.#wire.bytesOut)
    this.#wire = { bytesIn, bytesOut }
    for (const opcode of ['close', 'ping', 'pong'] as const) {
      this.frames.inc({ dir: 'out', opcode }, controlsOut[opcode] - this.#controlsOut[opcode])
    }
    this.#controlsOut = controlsOut
    this.sendQueue.set(bufferedAmount)
  }

  /** What the hub tells, counted. */
  hubEvents(error: (error: unknown) => void): HubEvents {
    return {
      opened: () => this.connections.inc(),
      closed: (code, by) => {
        this.connections.dec()
        this.closes.inc({ code: String(code), by })
      },
      stored: (ms, dup) => {
        this.ack.observe(ms / 1000)
        if (dup) this.duplicates.inc()
        else this.messages.inc()
      },
      // Clocks of two nodes may differ.
      noticed: (sinceTs) => this.busLag.observe(Math.max(0, sinceTs) / 1000),
      delivered: (_members, ms) => this.fanout.observe(ms / 1000),
      repaired: (count) => this.gaps.inc(count),
      resumed: (result) => this.resume.inc({ result }),
      redelivered: (count) => this.redelivered.inc(count),
      refused: (name) => this.refused.inc({ error: name }),
      error,
    }
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.registry] })
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: SECONDS, registers: [this.registry] })
  }
}
