import { describe, expect, it } from 'vitest'
import { concat, cutAt, hex, toHex } from '../support/hex.ts'
import { naiveDecode, naiveEncode, withKey } from '../support/naive.ts'
import { Recorded } from '../support/record.ts'
import { announcements, closes, examples, messages, violations, type WireCase } from './cases.ts'

const KEY = hex('37 fa 21 3d')

/** Feed the pieces to an endpoint; answer what it did: the calls that matter, and the frames it wrote. */
function converse(wire: WireCase, role: 'server' | 'client', pieces: readonly Uint8Array[]): [string[], string[]] {
  const socket = new Recorded(role, wire.options)
  for (const piece of pieces) socket.connection.receive(piece)
  const written = naiveDecode(concat(...socket.writes))
  for (const frame of written) {
    // RFC 6455 5.1: a client masks every frame, a server none.
    if ((frame.key !== undefined) !== (role === 'client')) throw new Error(`${role} wrote a frame with a wrong mask`)
  }
  const answers = written.map(({ key: _key, ...frame }) => toHex(naiveEncode(frame)))
  if (wire.fails !== undefined) {
    answers.pop()
    answers.push(`fails with ${toHex(written.at(-1)?.payload.slice(0, 2) ?? hex(''))}`)
  }
  socket.connection.receiveEnd()
  const calls = socket.calls.filter((call) => !['closing', 'end', 'destroy'].includes(call))
  if (!wire.calls.some((call) => call.startsWith('closed'))) calls.pop()
  return [calls, answers]
}

function bytesOf(wire: WireCase, role: 'server' | 'client'): Uint8Array {
  const frames = wire.frames.map(hex)
  if (wire.asIs === true || role === 'client') return concat(...frames)
  return concat(...frames.map((frame) => withKey(frame, KEY)))
}

const groups = { examples, messages, closes, violations, announcements }

for (const [name, group] of Object.entries(groups)) {
  for (const role of ['server', 'client'] as const) {
    describe(`Bytes on the wire, ${name}, received by a ${role} (RFC 6455)`, () => {
      for (const wire of group) {
        if (wire.roles?.includes(role) === false) continue
        const answers = (wire.answers ?? []).map((answer) => toHex(hex(answer)))
        if (wire.fails !== undefined) answers.push(`fails with ${wire.fails}`)
        const expected = [wire.calls, answers]

        it(`${wire.title}, unsplit, byte by byte and at every split point`, () => {
          const bytes = bytesOf(wire, role)
          expect(converse(wire, role, [bytes.slice()])).toEqual(expected)
          const every = Array.from({ length: bytes.length }, (_, at) => at)
          expect(converse(wire, role, cutAt(bytes, every))).toEqual(expected)
          for (const at of every) {
            const seen = converse(wire, role, cutAt(bytes, [at]))
            if (JSON.stringify(seen) !== JSON.stringify(expected)) expect(seen, `split at ${at}`).toEqual(expected)
          }
        })
      }
    })
  }
}
