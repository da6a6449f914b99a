import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ReconnectingSocket, type ConnectionState } from '../../web/src/client/reconnecting-socket.ts'
import { closePolicy } from '../../protocol/close-codes.ts'
import { FakeSocket } from './fake-socket.ts'

describe('ReconnectingSocket', () => {
  let states: ConnectionState[] = []
  let heard: unknown[] = []
  let lost: number[] = []
  let online = true
  const names = (): string[] => states.map(({ name }) => name)
  const make = (random = 0.5, isLocal = false): ReconnectingSocket =>
    new ReconnectingSocket({
      isLocal,
      connect: () => new FakeSocket(),
      policy: (code) => {
        const policy = closePolicy(code)
        return policy === 'now' ? 'soon' : policy
      },
      onstate: (state) => states.push(state),
      onopen: () => {},
      onmessage: (data) => heard.push(data),
      onlost: (code) => lost.push(code),
      isOnline: () => online,
      random: () => random,
    })

  beforeEach(() => {
    vi.useFakeTimers()
    FakeSocket.all.length = 0
    states = []
    heard = []
    lost = []
    online = true
  })
  afterEach(() => vi.useRealTimers())

  it('backs off longer with each attempt that fails', () => {
    const socket = make(0.999)
    socket.start()
    const delays: number[] = []
    for (let n = 0; n < 6; n++) {
      FakeSocket.last.end(1006)
      const state = socket.state
      if (state.name === 'waiting') delays.push(state.at - Date.now())
      vi.runOnlyPendingTimers()
    }
    expect(delays).toEqual([999, 1998, 3996, 7992, 15_984, 29_970])
    expect(FakeSocket.all).toHaveLength(7)
  })

  it('begins again from zero after 10 s that were stable, and not before', () => {
    const socket = make(0.999)
    const attemptAfter = (lived: number): number => {
      FakeSocket.last.open()
      vi.advanceTimersByTime(lived)
      FakeSocket.last.end(1006)
      const attempt = socket.state.name === 'waiting' ? socket.state.attempt : -1
      vi.runOnlyPendingTimers()
      return attempt
    }
    socket.start()
    expect(attemptAfter(9000)).toBe(1)
    expect(attemptAfter(9000)).toBe(2)
    expect(attemptAfter(10_001)).toBe(1)
  })

  it('stops after a code of 4000 to 4099, and after 1000', () => {
    const socket = make()
    socket.start()
    FakeSocket.last.open()
    FakeSocket.last.end(4006, 'kicked')
    expect(socket.state).toEqual({ name: 'stopped', code: 4006, reason: 'kicked' })
    vi.advanceTimersByTime(600_000)
    expect(FakeSocket.all).toHaveLength(1)
    socket.start()
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('comes back within a second after 4200 to 4299', () => {
    const socket = make(0.999)
    socket.start()
    FakeSocket.last.open()
    FakeSocket.last.end(4200)
    expect(socket.state.name === 'waiting' && socket.state.at - Date.now()).toBe(999)
  })

  it('lets the advice of the server win over its own delay, once', () => {
    const socket = make(0)
    socket.start()
    FakeSocket.last.open()
    socket.advise(7000)
    FakeSocket.last.end(1012)
    vi.advanceTimersByTime(6999)
    expect(FakeSocket.all).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last.end(1006)
    expect(socket.state.name === 'waiting' && socket.state.at - Date.now()).toBe(0)
  })

  it('makes no attempt while offline, and one at once when the network is back', () => {
    const socket = make()
    socket.start()
    FakeSocket.last.open()
    online = false
    socket.networkChanged(false)
    expect(socket.state.name).toBe('offline')
    expect(lost).toEqual([1006])
    vi.advanceTimersByTime(600_000)
    expect(FakeSocket.all).toHaveLength(1)
    online = true
    socket.networkChanged(true)
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('tries a server on the same machine even without a network, and says offline all the while', () => {
    const socket = make(0.999, true)
    online = false
    socket.start()
    expect(FakeSocket.all).toHaveLength(1)
    FakeSocket.last.end(1006)
    vi.advanceTimersByTime(2000)
    expect(FakeSocket.all).toHaveLength(2)
    expect(new Set(names())).toEqual(new Set(['offline']))
    FakeSocket.last.open()
    expect(socket.state.name).toBe('open')
  })

  it('has exactly one socket: what an abandoned one says is not heard', () => {
    const socket = make()
    socket.start()
    const first = FakeSocket.last
    const { onmessage, onclose, onopen } = first
    first.open()
    socket.drop()
    socket.tryNow()
    const second = FakeSocket.last
    expect(second).not.toBe(first)
    onmessage?.({ data: 'ghost' } as never)
    onopen?.({} as never)
    onclose?.({ code: 1006, reason: '' } as never)
    second.open()
    second.say({ t: 'pong' })
    expect(heard).toEqual(['{"t":"pong"}'])
    expect(lost).toEqual([1006])
    expect(FakeSocket.all).toHaveLength(2)
    expect(socket.state.name).toBe('open')
  })

  it('gives an attempt 10 s', () => {
    const socket = make()
    socket.start()
    vi.advanceTimersByTime(10_000)
    expect(socket.state.name).toBe('waiting')
    expect(FakeSocket.last.closedWith).toBeDefined()
  })

  it('does not send while it is not open', () => {
    const socket = make()
    socket.start()
    expect(socket.send('x')).toBe(false)
    FakeSocket.last.open()
    expect(socket.send('{"t":"x","d":{}}')).toBe(true)
    FakeSocket.last.readyState = 2
    expect(socket.send('x')).toBe(false)
  })

  it('leaves no timer behind when stopped', () => {
    const socket = make()
    socket.start()
    FakeSocket.last.open()
    socket.stop()
    expect(vi.getTimerCount()).toBe(0)
    expect(names()).toEqual(['connecting', 'open', 'idle'])
    expect(lost).toEqual([1000])
  })
})
