import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CloseOutcome } from '../../src/protocol/close-outcome.ts'
import { concat, hex, toHex } from '../support/hex.ts'
import { naiveDecode, withKey } from '../support/naive.ts'
import { Recorded } from '../support/record.ts'
import { SlowExtension } from '../support/slow-extension.ts'

/**
 * The closing handshake once more, as sentences of RFC 6455 section 7 instead of a table: what must have been written,
 * delivered and reported after any sequence of events.
 */
interface Model {
  readonly role: 'server' | 'client'
  /** Whether a Close frame is to be sent, by whom, and whether the peer's has come or a rule was broken. */
  closeSent: boolean
  peerDone: boolean
  isOver: boolean
  /** What will be told at the end. */
  told: { code: number; clean: boolean; cause: string } | undefined
  localCause: string | undefined
  delivered: number
  pongs: number
  dataSent: number
  isPaused: boolean
  /** Frames that wait while it is paused. */
  waiting: string[]
  hasEnded: boolean
}

class Real {
  readonly socket: Recorded
  readonly outcomes: CloseOutcome[] = []
  readonly role: 'server' | 'client'

  constructor(role: 'server' | 'client') {
    this.role = role
    this.socket = new Recorded(role, {}, { closed: (outcome) => this.outcomes.push(outcome) })
  }

  frame(digits: string): Uint8Array {
    return this.role === 'server' ? withKey(hex(digits), hex('01 02 03 04')) : hex(digits)
  }
}

const FRAMES = {
  message: '81 02 68 69',
  ping: '89 01 70',
  close: '88 02 03 e9',
  emptyClose: '88 00',
  reserved: '83 00',
  badText: '81 01 ff',
} as const
type FrameName = keyof typeof FRAMES

/** What one frame of the peer does, when it is read. */
function read(model: Model, name: FrameName): void {
  if (model.isOver || model.peerDone) return
  if (name === 'message') model.delivered++
  else if (name === 'ping') model.pongs++
  else {
    model.peerDone = true
    model.closeSent = true
    const isClose = name === 'close' || name === 'emptyClose'
    const code = name === 'close' ? 1001 : name === 'emptyClose' ? 1005 : name === 'badText' ? 1007 : 1002
    model.told ??= { code, clean: isClose, cause: isClose ? (model.localCause ?? 'peer') : 'protocol' }
  }
}

function finish(model: Model): void {
  model.isOver = true
  model.told ??= { code: 1006, clean: false, cause: model.localCause ?? 'transport' }
}

function readWaiting(model: Model): void {
  const waiting = model.waiting.splice(0) as FrameName[]
  for (const name of waiting) read(model, name)
  if (model.hasEnded) finish(model)
}

function check(model: Model, { socket, outcomes, role }: Real): void {
  const written = naiveDecode(concat(...socket.writes))
  const opcodes = written.map(({ opcode }) => opcode)
  expect(opcodes.filter((opcode) => opcode === 8).length).toBe(model.closeSent ? 1 : 0)
  expect(opcodes.filter((opcode) => opcode === 10).length).toBe(model.pongs)
  expect(opcodes.filter((opcode) => opcode === 1).length).toBe(model.dataSent)
  // RFC 6455 5.5.1: no data frame follows a Close frame.
  const close = opcodes.indexOf(8)
  if (close !== -1) expect(opcodes.slice(close).includes(1)).toBe(false)
  expect(socket.calls.filter((call) => call.startsWith('text')).length).toBe(model.delivered)
  // RFC 6455 7.1.1: the server ends TCP first, and only when both have closed.
  expect(socket.calls.filter((call) => call === 'end').length).toBe(role === 'server' && model.peerDone ? 1 : 0)
  expect(socket.calls.filter((call) => call === 'closing').length).toBe(model.closeSent ? 1 : 0)
  expect(socket.calls.filter((call) => call === 'destroy').length).toBe(model.isOver ? 1 : 0)
  expect(outcomes.map(({ code, clean, cause }) => ({ code, clean, cause }))).toEqual(model.isOver ? [model.told] : [])
  const state = model.isOver ? 'closed' : model.peerDone ? 'draining' : model.closeSent ? 'closing' : 'open'
  expect(socket.connection.state).toBe(state)
}

type Step = fc.Command<Model, Real>

class Receive implements Step {
  readonly names: readonly FrameName[]
  constructor(names: readonly FrameName[]) {
    this.names = names
  }
  check(model: Readonly<Model>): boolean {
    return !model.hasEnded
  }
  run(model: Model, real: Real): void {
    if (!model.isOver && !model.peerDone && model.isPaused) model.waiting.push(...this.names)
    else for (const name of this.names) read(model, name)
    real.socket.connection.receive(concat(...this.names.map((name) => real.frame(FRAMES[name]))))
    check(model, real)
  }
  toString(): string {
    return `receive(${this.names.join(', ')})`
  }
}

/** A step that is a function on the model and one on the connection. */
class Do implements Step {
  readonly name: string
  readonly onModel: (model: Model) => void
  readonly onReal: (real: Real) => unknown
  constructor(name: string, onModel: (model: Model) => void, onReal: (real: Real) => unknown) {
    this.name = name
    this.onModel = onModel
    this.onReal = onReal
  }
  check(): boolean {
    return true
  }
  run(model: Model, real: Real): void {
    this.onModel(model)
    this.onReal(real)
    check(model, real)
  }
  toString(): string {
    return this.name
  }
}

const isOpen = (model: Model): boolean => !model.isOver && !model.closeSent

const steps = [
  fc
    .array(fc.constantFrom(...(Object.keys(FRAMES) as FrameName[])), { minLength: 1, maxLength: 4 })
    .map((names) => new Receive(names)),
  fc.constant(
    new Do(
      'send',
      (model) => {
        if (isOpen(model)) model.dataSent++
      },
      ({ socket }) => socket.connection.send('x'),
    ),
  ),
  fc.constant(
    new Do(
      'close',
      (model) => {
        if (!isOpen(model)) return
        model.closeSent = true
        model.localCause = 'local'
      },
      ({ socket }) => socket.connection.close(1000),
    ),
  ),
  fc.constant(
    new Do(
      'fail',
      (model) => {
        if (model.isOver || model.peerDone) return
        model.closeSent = true
        model.peerDone = true
        model.waiting = []
        model.told ??= { code: 1011, clean: false, cause: 'local' }
        if (model.hasEnded) model.waiting = []
      },
      ({ socket }) => socket.connection.fail(1011, 'x', { cause: 'local' }),
    ),
  ),
  fc.constant(
    new Do(
      'terminate',
      (model) => {
        if (model.isOver) return
        model.localCause = 'local'
        finish(model)
      },
      ({ socket }) => socket.connection.terminate('local'),
    ),
  ),
  fc.constant(
    new Do(
      'timeout',
      (model) => {
        if (model.isOver) return
        model.localCause = 'timeout'
        finish(model)
      },
      ({ socket }) => socket.connection.terminate('timeout'),
    ),
  ),
  fc.constant(
    new Do(
      'end of TCP',
      (model) => {
        if (model.isOver) return
        model.hasEnded = true
        if (model.peerDone || model.waiting.length === 0) finish(model)
      },
      ({ socket }) => socket.connection.receiveEnd(),
    ),
  ),
  fc.constant(
    new Do(
      'loss of TCP',
      (model) => {
        if (!model.isOver) finish(model)
      },
      ({ socket }) => socket.connection.transportClosed(),
    ),
  ),
  fc.constant(
    new Do(
      'pause',
      (model) => {
        model.isPaused = true
      },
      ({ socket }) => socket.connection.pause(),
    ),
  ),
  fc.constant(
    new Do(
      'resume',
      (model) => {
        model.isPaused = false
        if (!model.isOver && !model.peerDone) readWaiting(model)
      },
      ({ socket }) => socket.connection.resume(),
    ),
  ),
]

describe('The closing handshake', () => {
  it.each(['server', 'client'] as const)('of a %s is that of the model after any events (RFC 6455 7)', (role) => {
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: 20 }), (commands) => {
        const setup = (): { model: Model; real: Real } => ({
          model: {
            role,
            closeSent: false,
            peerDone: false,
            isOver: false,
            told: undefined,
            localCause: undefined,
            delivered: 0,
            pongs: 0,
            dataSent: 0,
            isPaused: false,
            waiting: [],
            hasEnded: false,
          },
          real: new Real(role),
        })
        fc.modelRun(setup, commands)
      }),
      { numRuns: 400 },
    )
  })

  it('reports its end exactly once, whatever the extension is at and whoever ends it (RFC 6455 7.1.4)', () => {
    const event = fc.constantFrom(
      'send',
      'encoded',
      'decoded',
      'close',
      'remote',
      'fail',
      'ended',
      'lost',
      'pause',
      'resume',
      'in',
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 25 }), (events) => {
        const extension = new SlowExtension()
        const socket = new Recorded('server', { extension })
        const { connection } = socket
        let sent = 0
        let received = 0
        for (const one of events) {
          if (one === 'send' && connection.send(`m${sent}`)) sent++
          if (one === 'encoded') extension.finishEncoding()
          if (one === 'decoded') extension.finishDecoding()
          if (one === 'close') connection.close(1000)
          if (one === 'remote') connection.receive(withKey(hex('88 02 03 e8'), hex('00 00 00 00')))
          if (one === 'fail') connection.fail(1011, '', { cause: 'local' })
          if (one === 'ended') connection.receiveEnd()
          if (one === 'lost') connection.transportClosed()
          if (one === 'pause') connection.pause()
          if (one === 'resume') connection.resume()
          if (one === 'in') connection.receive(withKey(hex(`a2 01 0${received++ % 9}`), hex('00 00 00 00')))
        }
        connection.resume()
        for (let i = 0; i < 30; i++) {
          extension.finishEncoding()
          extension.finishDecoding()
        }
        connection.close(1000)
        connection.receiveEnd()
        for (let i = 0; i < 30; i++) extension.finishDecoding()
        connection.transportClosed()
        expect(socket.calls.filter((call) => call.startsWith('closed')).length).toBe(1)
        expect(socket.calls.at(-1)).toMatch(/^closed/)
        const frames = naiveDecode(concat(...socket.writes))
        const close = frames.findIndex(({ opcode }) => opcode === 8)
        if (close !== -1) expect(close).toBe(frames.length - 1)
        const words = frames.filter(({ opcode }) => opcode === 1).map(({ payload }) => toHex(payload.map((b) => b - 1)))
        expect(words).toEqual(words.map((_, i) => toHex(new TextEncoder().encode(`m${i}`))))
        expect(connection.pendingBytes).toBe(0)
      }),
      { numRuns: 500 },
    )
  })
})
