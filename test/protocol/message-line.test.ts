import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageLine, type Outgoing } from '../../src/protocol/message-line.ts'

function message(payload: string): Outgoing {
  return { payload, isText: true, transform: true, fragment: false, final: true }
}

function takeAll(line: MessageLine): unknown[] {
  const taken: unknown[] = []
  for (let next = line.shift(); next !== undefined; next = line.shift()) taken.push(next.payload)
  return taken
}

describe('A line of messages', () => {
  it('gives them in order, those that are held only once they are released (RFC 6455 5.4)', () => {
    const line = new MessageLine()
    line.hold(message('whole'), 5)
    line.push(message('be'), 2)
    expect([line.bytes, line.heldBytes, line.isEmpty]).toEqual([7, 5, false])
    expect(takeAll(line)).toEqual(['be'])
    expect([line.bytes, line.heldBytes, line.isEmpty]).toEqual([5, 5, true])
    line.push(message('gun'), 3)
    line.release()
    line.push(message('last'), 4)
    expect([line.bytes, line.heldBytes]).toEqual([12, 0])
    expect(takeAll(line)).toEqual(['gun', 'whole', 'last'])
    expect([line.bytes, line.isEmpty]).toEqual([0, true])
  })

  it('lets go what waited for a message that is given up, if all of it is still here', () => {
    const fragment = (payload: string, final: boolean): Outgoing => ({ ...message(payload), fragment: true, final })
    const fill = (ends: boolean): MessageLine => {
      const line = new MessageLine()
      line.push(fragment('first', ends), 5)
      line.push(fragment('second', false), 6)
      line.hold(message('whole'), 5)
      return line
    }
    const begun = fill(false)
    expect([begun.abandon(true), begun.count, begun.heldBytes, takeAll(begun)]).toEqual([0, 3, 5, ['first', 'second']])
    const unbegun = fill(false)
    expect([unbegun.abandon(false), unbegun.count, unbegun.bytes, takeAll(unbegun)]).toEqual([11, 1, 5, ['whole']])
    const behind = fill(true)
    expect([behind.abandon(true), behind.count, behind.bytes, takeAll(behind)]).toEqual([6, 2, 10, ['first', 'whole']])
  })

  it('is the same as two lists, whatever is done to it', () => {
    const step = fc.constantFrom('push', 'hold', 'release', 'shift')
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const line = new MessageLine()
        const ready: string[] = []
        const held: string[] = []
        for (const [index, name] of steps.entries()) {
          if (name === 'release') {
            line.release()
            ready.push(...held.splice(0))
          } else if (name === 'shift') expect(line.shift()?.payload).toBe(ready.shift())
          else {
            line[name](message(`${index}`), index)
            ;(name === 'push' ? ready : held).push(`${index}`)
          }
          const bytesOf = (list: string[]): number => list.reduce((sum, text) => sum + Number(text), 0)
          expect([line.bytes, line.heldBytes]).toEqual([bytesOf([...ready, ...held]), bytesOf(held)])
          expect([line.count, line.holds, line.isEmpty]).toEqual([
            ready.length + held.length,
            held.length > 0,
            ready.length === 0,
          ])
        }
      }),
    )
  })
})
