import { beforeEach, describe, expect, it } from 'vitest'
import { RoomPeople } from '../../web/src/client/room-people.ts'

const ADA = { id: 'u-ada', name: 'Ada' }
const EVE = { id: 'u-eve', name: 'Eve' }
const KIM = { id: 'u-kim', name: 'Kim' }
const COUNTS = { users: 1, conns: 1, members: 3 }

let people: RoomPeople
const awayNames = (): string[] => people.away.map(({ name }) => name)

beforeEach(() => {
  people = new RoomPeople()
  people.set({ list: [{ ...ADA, conns: 1 }], ...COUNTS })
})

describe('the members who are away', () => {
  it('are asked for page by page, until there are no more', () => {
    expect(people.awayQuestion).toEqual({})
    people.addAway({ list: [{ ...EVE, seen: 20 }], cursor: '20.u-eve' })
    expect([people.hasMoreAway, people.awayQuestion]).toEqual([true, { cursor: '20.u-eve' }])
    people.addAway({
      list: [
        { ...EVE, seen: 20 },
        { ...KIM, seen: 10 },
      ],
    })
    expect([awayNames(), people.hasMoreAway, people.awayQuestion]).toEqual([['Eve', 'Kim'], false, undefined])
  })

  it('begin anew when the room is entered again, and never hold who is there', () => {
    people.addAway({ list: [{ ...KIM, seen: 10 }] })
    people.set({ list: [{ ...KIM, conns: 1 }], ...COUNTS })
    expect([people.isAwayKnown, people.awayQuestion]).toEqual([false, {}])
    people.addAway({
      list: [
        { ...EVE, seen: 20 },
        { ...KIM, seen: 10 },
      ],
    })
    expect(awayNames()).toEqual(['Eve'])
  })

  it('come first when they have just gone, leave the list when they are back, and when they forget the room', () => {
    people.addAway({ list: [{ ...EVE, seen: 20 }] })
    people.change({ join: [KIM], leave: [], ...COUNTS }, 0)
    people.change(
      {
        join: [],
        leave: [
          { ...KIM, seen: 30 },
          { ...ADA, seen: 40 },
        ],
        ...COUNTS,
      },
      0,
    )
    expect(awayNames()).toEqual(['Ada', 'Kim', 'Eve'])
    people.change({ join: [EVE], leave: [], ...COUNTS }, 0)
    expect(awayNames()).toEqual(['Ada', 'Kim'])
    people.change({ join: [], leave: [EVE], ...COUNTS }, 0)
    expect(awayNames()).toEqual(['Ada', 'Kim'])
  })
})
