import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { HANDSHAKES_A_TURN, TurnPace } from '../../src/node/turn-pace.ts'
import { TurnLog } from '../support/turns.ts'

describe('The pace of handshakes', () => {
  it('begins the first at once, and so many in each turn, in their order', async () => {
    const log = new TurnLog()
    const pace = new TurnPace()
    const begun: number[] = []
    const done = new Promise<void>((resolve) => {
      for (let index = 0; index < 10; index++) {
        pace.soon(new PassThrough(), () => {
          begun.push(index)
          log.note()
          if (index === 9) resolve()
        })
      }
    })
    expect(begun).toHaveLength(HANDSHAKES_A_TURN)
    await done
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(log.most).toBe(HANDSHAKES_A_TURN)
  })

  it('begins nothing for a stream that has failed meanwhile, and nothing throws', async () => {
    const pace = new TurnPace()
    const begun: string[] = []
    const failing = new PassThrough()
    pace.later(failing, () => begun.push('failed'))
    failing.destroy(new Error('reset'))
    await new Promise<void>((resolve) => pace.later(new PassThrough(), resolve))
    expect(begun).toEqual([])
  })

  it('lets all begin at the end', () => {
    const pace = new TurnPace()
    const begun: number[] = []
    for (let index = 0; index < 10; index++) pace.later(new PassThrough(), () => begun.push(index))
    pace.hurry()
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})
