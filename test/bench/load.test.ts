import { describe, expect, it } from 'vitest'
import { ExactCounter, HeaderCounter, InflatingCounter } from '../../bench/load/counter.ts'
import type { LoadClient } from '../../bench/load/client.ts'
import { exchangeFor, monotoneExchange } from '../../bench/load/exchange.ts'
import { BINARY, clientCycle, deflatedCycle, encodeFrame, serverCycle, TEXT } from '../../bench/load/frames.ts'
import type { LoadSpec } from '../../bench/load/scenario.ts'
import { Histogram } from '../../bench/load/histogram.ts'
import { binaryPayload, jsonPayload, textPayload } from '../../bench/load/payload.ts'
import { deflateRawSync, constants } from 'node:zlib'

describe('the frames of the load generator', () => {
  it('are those of the examples in RFC 6455 5.7', () => {
    expect(encodeFrame(TEXT, Buffer.from('Hello')).toString('hex')).toBe('810548656c6c6f')
    expect(encodeFrame(TEXT, Buffer.from('Hello'), 0x37fa213d).toString('hex')).toBe('818537fa213d7f9f4d5158')
    expect(encodeFrame(BINARY, Buffer.alloc(256)).subarray(0, 4).toString('hex')).toBe('827e0100')
    expect(encodeFrame(BINARY, Buffer.alloc(65536)).subarray(0, 10).toString('hex')).toBe('827f0000000000010000')
  })

  it('are laid out twice, so that a burst from any place in the cycle is one slice', () => {
    const { bytes, offsets, count } = clientCycle(BINARY, [Buffer.from('a'), Buffer.from('bcd')])
    expect(count).toBe(2)
    expect(offsets).toEqual([0, 7, 16, 23, 32])
    expect(bytes.subarray(0, 16).equals(bytes.subarray(16))).toBe(true)
  })

  it('carry RSV1 when they are compressed, and start anew with each cycle (RFC 7692 6)', async () => {
    const payloads = [Buffer.from(jsonPayload(300, 1)), Buffer.from(jsonPayload(300, 2))]
    const together = await deflatedCycle(TEXT, payloads, { takeover: true, windowBits: 15 })
    const apart = await deflatedCycle(TEXT, payloads, { takeover: false, windowBits: 15 })
    expect(together.bytes[0]).toBe(0xc1)
    expect(together.offsets[1]).toBe(apart.offsets[1])
    expect(together.offsets[2]).toBeLessThan(apart.offsets[2]!)
  })
})

describe('the payloads', () => {
  it('have the size they are asked for and are the same in every run', () => {
    for (const size of [16, 125, 1024, 5000]) {
      expect(Buffer.byteLength(textPayload(size, 1))).toBe(size)
      expect(binaryPayload(size, 1).equals(binaryPayload(size, 1))).toBe(true)
      expect(binaryPayload(size, 1).equals(binaryPayload(size, 2))).toBe(false)
    }
    expect(jsonPayload(777, 3)).toHaveLength(777)
  })
})

describe('without a protocol', () => {
  const client = {} as LoadClient
  const spec: LoadSpec = {
    kind: 'fanout',
    port: 0,
    dialect: 'raw',
    size: 300,
    type: 'json',
    connections: 2,
    inFlight: 3,
    deflate: false,
    stalled: 0,
  }

  it('a burst to all comes as it went out, as large as a server sends it', async () => {
    for (const deflate of [false, 'takeover'] as const) {
      const { outgoing, counter } = await monotoneExchange({ ...spec, deflate }, client)
      const burst = outgoing.bytes.subarray(0, outgoing.offsets[3])
      expect(outgoing.offsets[1]! * 3).toBe(burst.length)
      expect(burst.length < 3 * 300).toBe(deflate !== false)
      for (const subscriber of [counter(), counter()]) {
        expect(subscriber.take(burst, burst.length)).toBe(3)
        expect(subscriber.take(burst, burst.length)).toBe(3)
      }
    }
  })

  it('compressed messages refer to those before them, and are compared when they come back', async () => {
    const { outgoing, counter } = await exchangeFor({ ...spec, kind: 'echo', deflate: 'takeover' }, client)
    const { bytes, offsets, count } = outgoing
    expect(offsets[2]! - offsets[1]!).toBeLessThan(offsets[1]!)
    const back = bytes.subarray(0, offsets[count])
    expect(counter().take(back, back.length)).toBe(count)
    const others = await exchangeFor({ ...spec, kind: 'echo', deflate: 'takeover', size: 301 }, client)
    expect(() => others.counter().take(back, back.length)).toThrow('that are not the 301 expected')
  })
})

describe('counting what comes back', () => {
  const payloads = [Buffer.from('one'), Buffer.from('two'), Buffer.from('six')]
  const { bytes, offsets } = serverCycle(BINARY, payloads)
  const stream = bytes.subarray(0, offsets[3])

  it('counts whole messages at every split', () => {
    for (let split = 0; split <= stream.length; split++) {
      for (const counter of [new ExactCounter(serverCycle(BINARY, payloads)), new HeaderCounter()]) {
        const first = counter.take(stream, split)
        expect(first).toBe(Math.floor(split / 5))
        expect(first + counter.take(stream.subarray(split), stream.length - split)).toBe(3)
      }
    }
  })

  it('refuses a byte that should not have come', () => {
    const counter = new ExactCounter(serverCycle(BINARY, payloads))
    const wrong = Buffer.from(stream)
    wrong[7] = 0x58
    expect(() => counter.take(wrong, wrong.length)).toThrow('other bytes than it should have')
  })

  it('does not count control frames', () => {
    const counter = new HeaderCounter()
    const ping = encodeFrame(0x89, Buffer.from('p'))
    expect(counter.take(Buffer.concat([ping, stream]), ping.length + stream.length)).toBe(3)
  })

  it('inflates compressed messages and compares them', () => {
    const compressed = deflateRawSync(payloads[0]!, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    const frame = encodeFrame(0xc2, compressed)
    expect(new InflatingCounter([payloads[0]!], true).take(frame, frame.length)).toBe(1)
    expect(() => new InflatingCounter([payloads[1]!], true).take(frame, frame.length)).toThrow('not the 3 expected')
  })
})

describe('the histogram', () => {
  it('tells quantiles to within its buckets', () => {
    const histogram = new Histogram()
    for (let i = 1; i <= 1000; i++) histogram.record(i / 1000)
    const { p50, p99, max } = histogram.latency()
    expect(p50 / 500).toBeGreaterThan(0.95)
    expect(p50 / 500).toBeLessThan(1.05)
    expect(p99 / 990).toBeGreaterThan(0.95)
    expect(max).toBe(1000)
  })
})
