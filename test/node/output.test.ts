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

  it('is told so of an empty message too, which leaves no bytes behind', async () => {
    const bound = new Bound({ extension: new SlowExtension() })
    bound.binding.connection.send('')
    const sent = bound.binding.output.whenSent()
    await bound.send(VIOLATION)
    bound.far.end()
    expect(await sent).toBe(false)
  })

  it('does not wait for what is sent behind, however much that is', async () => {
    const extension = new SlowExtension()
    const bound = new Bound({ extension })
    const { connection, output } = bound.binding
    const told: [string, boolean][] = []
    const send = (word: string): void => {
      connection.send(word)
      void output.whenSent().then((isSent) => told.push([word, isSent]))
    }
    for (const word of ['one', 'two', 'three']) send(word)
    extension.finishEncoding()
    await turns()
    expect(told).toEqual([['one', true]])
    send('four')
    extension.finishEncoding()
    await turns()
    expect(told).toEqual([
      ['one', true],
      ['two', true],
    ])
    await bound.send(VIOLATION)
    bound.far.end()
    await turns()
    expect(told.slice(2)).toEqual([
      ['three', false],
      ['four', false],
    ])
  })

  it('waits for the end of a message in fragments that is before it, and for nothing behind that (RFC 6455 5.4)', async () => {
    const extension = new SlowExtension()
    const bound = new Bound({ extension })
    const { connection, output } = bound.binding
    const told: string[] = []
    const note = (word: string): void => void output.whenSent().then((isSent) => told.push(`${word} ${isSent}`))
    connection.sendFragment('be', true, false)
    note('be')
    connection.send('whole')
    note('whole')
    extension.finishEncoding()
    await turns()
    expect(told).toEqual(['be true'])
    connection.sendFragment('gun', true, true)
    note('gun')
    connection.send('last')
    note('last')
    extension.finishEncoding()
    await turns()
    expect(bound.frames.map(({ opcode, fin }) => [opcode, fin])).toEqual([
      [1, false],
      [0, true],
    ])
    extension.finishEncoding()
    await turns()
    expect(bound.frames.length).toBe(3)
    expect(told).not.toContain('last true')
    extension.finishEncoding()
    await turns()
    expect(told.toSorted()).toEqual(['be true', 'gun true', 'last true', 'whole true'])
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
