import { describe, expect, it } from 'vitest'
import { Bound } from '../support/bound.ts'
import { hex } from '../support/hex.ts'
import { SlowExtension } from '../support/slow-extension.ts'
import { turns } from '../support/turns.ts'

/** RFC 6455 5.2: an opcode that is reserved. */
const VIOLATION = hex('8f 80 37 fa 21 3d')

describe('Who waits for output to be handed to the system', () => {
  it('is told that it never was, when the peer breaks a rule while it is being compressed (RFC 6455 7.1.7)', async () => {
    const extension = new SlowExtension()
    const bound = new Bound({ extension })
    const { connection, output } = bound.binding
    const sent = ['one', 'two'].map((word) => {
      connection.send(word)
      return output.whenSent()
    })
    await bound.send(VIOLATION)
    extension.finishEncoding()
    bound.far.end()
    expect(await Promise.all(sent)).toEqual([false, false])
    await turns()
    expect(bound.frames.map(({ opcode }) => opcode)).toEqual([8])
    expect(output.bufferedAmount).toBe(6)
  })

  it('is told that it was, of what had left before', async () => {
    const extension = new SlowExtension()
    const bound = new Bound({ extension })
    const { connection, output } = bound.binding
    connection.send('one')
    const first = output.whenSent()
    extension.finishEncoding()
    expect(await first).toBe(true)
    connection.send('two')
    const second = output.whenSent()
    await bound.send(VIOLATION)
    bound.far.end()
    expect(await second).toBe(false)
    expect(bound.frames.map(({ opcode }) => opcode)).toEqual([1, 8])
  })
})
