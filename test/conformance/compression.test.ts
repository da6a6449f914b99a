/**
 * Sections 12 and 13 of the Autobahn test suite, by their ids, in memory, with the endpoint in both roles.
 */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { permessageDeflateClient, permessageDeflateServer } from '../../src/extensions/permessage-deflate.ts'
import type { AgreedExtension, ExtensionOffer } from '../../src/protocol/extension.ts'
import { Opcode } from '../../src/protocol/opcode.ts'
import { sendClose, type SentFrame } from './case.ts'
import { type CompressionCase, compressionCases, type Negotiation } from './compression.ts'
import { Echo, type Role, ROLES } from './echo.ts'
import { SuiteDeflate } from './suite-deflate.ts'
import { encodeFrame, type WireFrame } from './wire.ts'

const RSV1 = 4

/** Agree as the suite would with the endpoint in `role`; the element that then stands in the server's answer. */
function agree({ offers, answer }: Negotiation, role: Role): { agreed: AgreedExtension; answer: ExtensionOffer } {
  if (role === 'server') {
    const extension = permessageDeflateServer()
    const agreed = offers.map((offer) => extension.accept(offer)).find((found) => found !== undefined)
    if (agreed === undefined) throw new Error('every offer was declined, one had to be accepted')
    return { agreed, answer: agreed.response }
  }
  const extension = permessageDeflateClient()
  const limitable = extension.offers.some(({ parameters }) => new Map(parameters).has('client_max_window_bits'))
  // Without this parameter in the offer the suite calls 13.3 to 13.6 unimplemented.
  if (!limitable) throw new Error('no offer with client_max_window_bits, the suite requires one')
  const agreed = extension.confirm(answer)
  if (typeof agreed === 'string') throw new Error(agreed)
  return { agreed, answer }
}

/** The next message of a case: `length` characters or bytes from where the last one ended, around the end. */
function* messages({ content: { source }, length, count }: CompressionCase): Generator<Uint8Array> {
  let at = 0
  for (let number = 0; number < count; number++) {
    const end = (at + length) % source.length
    const [head, tail] =
      end > at ? [source.slice(at, end), source.slice(0, 0)] : [source.slice(at), source.slice(0, end)]
    yield Buffer.concat([Buffer.from(head as string), Buffer.from(tail as string)])
    at = end
  }
}

function framesOf(payload: Uint8Array, opcode: number, size: number): SentFrame[] {
  const step = size === 0 ? Math.max(1, payload.length) : size
  const count = Math.max(1, Math.ceil(payload.length / step))
  return Array.from({ length: count }, (_, index) => ({
    kind: 'frame',
    opcode: index === 0 ? opcode : Opcode.Continuation,
    fin: index === count - 1,
    // RFC 7692 6.1: RSV1 marks the first frame of a compressed message, and no other.
    rsv: index === 0 ? RSV1 : 0,
    payload: payload.slice(index * step, (index + 1) * step),
    chop: 0,
  }))
}

/** Wait until the endpoint has written a whole message, or its Close. */
async function nextMessage(echo: Echo): Promise<WireFrame[]> {
  const frames = echo.takeFrames()
  while (frames.at(-1)?.fin !== true) {
    await new Promise<void>((resolve) => {
      echo.onWrite = resolve
    })
    frames.push(...echo.takeFrames())
  }
  return frames
}

function readMessage(frames: readonly WireFrame[], deflate: SuiteDeflate): { opcode: number; payload: Uint8Array } {
  const [first, ...rest] = frames
  expect(rest.map(({ opcode, rsv }) => [opcode, rsv])).toEqual(rest.map(() => [Opcode.Continuation, 0]))
  const payload = Buffer.concat(frames.map((frame) => frame.payload))
  expect([0, RSV1]).toContain(first!.rsv)
  return { opcode: first!.opcode, payload: first!.rsv === RSV1 ? deflate.decompress(payload) : payload }
}

function describeMessage(opcode: number, payload: Uint8Array): string {
  return `opcode ${opcode}, ${payload.length} bytes, ${createHash('sha1').update(payload).digest('hex')}`
}

describe.each(ROLES)('an echoing %s compresses as the Autobahn suite requires', (role) => {
  const suiteRole = role === 'server' ? 'client' : 'server'

  it.each(compressionCases.map((one) => [one.id, title(one), one] as const))('%s: %s', async (_id, _title, one) => {
    const { agreed, answer } = agree(one.negotiation, role)
    const echo = new Echo(role, agreed.create())
    const deflate = new SuiteDeflate(answer, suiteRole)
    const opcode = typeof one.content.source === 'string' ? Opcode.Text : Opcode.Binary

    for (const message of messages(one)) {
      for (const frame of framesOf(deflate.compress(message), opcode, one.frameSize)) {
        echo.connection.receive(encodeFrame(frame, role === 'server'))
      }
      const reply = readMessage(await nextMessage(echo), deflate)
      expect(describeMessage(reply.opcode, reply.payload)).toBe(describeMessage(opcode, message))
    }

    echo.connection.receive(encodeFrame(sendClose(1000), role === 'server'))
    expect((await nextMessage(echo)).map((frame) => [frame.opcode, [...frame.payload]])).toEqual([
      [Opcode.Close, [0x03, 0xe8]],
    ])
  })
})

function title({ content, negotiation, length, frameSize, count }: CompressionCase): string {
  const cut = frameSize === 0 ? '' : `, cut to ${frameSize}`
  return `${count} times ${content.title} of ${length}${cut}, ${negotiation.title}`
}
