import { describe, expect, it } from 'vitest'
import { ConnectionAction, ConnectionEvent, ConnectionState, transitions } from '../../src/protocol/connection-state.ts'

const states = Object.values(ConnectionState)
const events = Object.values(ConnectionEvent)

function next(state: ConnectionState, event: ConnectionEvent): string {
  const transition = transitions[state][event]
  return transition === undefined ? '-' : `${transition.next}: ${transition.actions.join(', ')}`
}

describe('The table of states', () => {
  it('is this one, and nothing else (RFC 6455 7.1)', () => {
    const table = states.flatMap((state) => events.map((event) => [state, event, next(state, event)].join(' | ')))
    expect(table).toEqual([
      'open | local close | closing: send Close',
      'open | remote close | draining: echo Close, server ends TCP',
      'open | violation | draining: send Close(code), server ends TCP',
      'open | peer ends TCP | draining: end TCP',
      'open | TCP end | closed: destroy, report',
      'open | timeout | closed: destroy, report',
      'closing | local close | -',
      'closing | remote close | draining: server ends TCP',
      'closing | violation | draining: server ends TCP',
      'closing | peer ends TCP | draining: end TCP',
      'closing | TCP end | closed: destroy, report',
      'closing | timeout | closed: destroy, report',
      'draining | local close | -',
      'draining | remote close | -',
      'draining | violation | -',
      'draining | peer ends TCP | draining: end TCP',
      'draining | TCP end | closed: destroy, report',
      'draining | timeout | closed: destroy, report',
      'closed | local close | -',
      'closed | remote close | -',
      'closed | violation | -',
      'closed | peer ends TCP | -',
      'closed | TCP end | -',
      'closed | timeout | -',
    ])
  })

  it('sends at most one Close frame on any way through it (RFC 6455 5.5.1)', () => {
    const sends: readonly string[] = [
      ConnectionAction.SendClose,
      ConnectionAction.EchoClose,
      ConnectionAction.FailClose,
    ]
    const most = (state: ConnectionState): number =>
      Math.max(
        0,
        ...events.map((event) => {
          const transition = transitions[state][event]
          if (transition === undefined) return 0
          const sent = transition.actions.filter((action) => sends.includes(action)).length
          if (transition.next === state) return sent === 0 ? 0 : Infinity
          return sent + most(transition.next)
        }),
      )
    expect(most(ConnectionState.Open)).toBe(1)
  })

  it('reports the end exactly when it is reached, from every state (RFC 6455 7.1.4)', () => {
    for (const state of states) {
      for (const transition of Object.values(transitions[state])) {
        expect(transition.actions.includes(ConnectionAction.Report)).toBe(transition.next === ConnectionState.Closed)
      }
      if (state !== ConnectionState.Closed) expect(transitions[state][ConnectionEvent.Timeout]).toBeDefined()
    }
  })
})
