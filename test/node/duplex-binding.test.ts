import { describe, expect, it, vi } from 'vitest'
import type { BindingOptions } from '../../src/node/binding-options.ts'
import { DuplexBinding } from '../../src/node/duplex-binding.ts'
import type { CloseOutcome } from '../../src/protocol/close-outcome.ts'
import { Bound } from '../support/bound.ts'
import { stopClock } from '../support/clock.ts'
import { JoinedStream } from '../support/duplex-pair.ts'
import { memoryInUse, MiB } from '../support/memory.ts'
import { clientFrame } from '../support/raw-client.ts'
import { SlowExtension } from '../support/slow-extension.ts'
import { turns } from '../support/turns.ts'

stopClock()

describe('A connection on a stream in memory', () => {
  it('reads what came with the handshake first', async () => {
    const messages: unknown[] = []
    const bound = new Bound({
      head: clientFrame(1, 'first').slice(),
      listener: { message: (_owner, message) => messages.push(message) },
    })
    expect(messages).toEqual(['first'])
    await bound.send(clientFrame(1, 'second'))
    expect(messages).toEqual(['first', 'second'])
  })

  it('on a stream that was destroyed before is closed at once', () => {
    const bound = new Bound()
    const dead = new JoinedStream()
    dead.on('error', () => {})
    dead.destroy()
    expect(bound.outcomes).toEqual([])
    const outcomes: CloseOutcome[] = []
    const parts = { owner: null, extension: undefined, options: optionsOf(bound) }
    const nobody = (): void => {}
    const binding = new DuplexBinding(dead, parts, {
      message: nobody,
      ping: nobody,
      pong: nobody,
      drain: nobody,
      blocked: nobody,
      unblocked: nobody,
      error: nobody,
      close: (_owner, outcome) => outcomes.push(outcome),
    })
    binding.start(undefined)
    expect(outcomes).toMatchObject([{ code: 1006, cause: 'transport' }])
  })

  it('gathers what is sent in one turn of the loop into one write', async () => {
    const bound = new Bound()
    const write = vi.spyOn(bound.near, '_write')
    for (let i = 0; i < 20; i++) bound.binding.connection.send(`message ${i}`)
    expect(write).not.toHaveBeenCalled()
    await turns()
    expect(write).toHaveBeenCalledTimes(1)
    expect(bound.frames.length).toBe(20)
  })
})

describe('The idle timeout', () => {
  const heartbeat = { interval: 0, timeout: 1000, idleTimeout: 3000, maxLifetime: 0 }

  it('spares a peer in the midst of a message that takes longer, and counts from its end', async () => {
    const bound = new Bound({ options: { heartbeat } })
    const message = clientFrame(2, new Uint8Array(6))
    for (const byte of message) {
      vi.advanceTimersByTime(2000)
      await bound.send(Uint8Array.of(byte))
    }
    expect(bound.calls).toEqual(['message 6'])
    expect(bound.frames).toEqual([])
    vi.advanceTimersByTime(4000)
    await turns()
    expect(bound.frames.map(({ payload }) => payload.toString('latin1'))).toEqual(['\x03\xe9idle'])
  })

  it('does not take pings and pongs for part of a message that has begun', async () => {
    const bound = new Bound({ options: { heartbeat } })
    await bound.send(clientFrame(2, 'begun', { fin: false }))
    for (const opcode of [9, 10, 9, 10]) {
      vi.advanceTimersByTime(1000)
      await bound.send(clientFrame(opcode))
    }
    expect(bound.frames.map(({ opcode }) => opcode)).toContain(8)
  })
})

describe('A transport that takes nothing', () => {
  it('stops reading from the mark on, and reads on when it has taken all', async () => {
    const bound = new Bound({
      listener: { message: (_owner, message) => bound.binding.connection.send(message) },
    })
    bound.near.hold()
    const sent = 40
    await bound.send(...Array.from({ length: sent }, () => clientFrame(2, new Uint8Array(16_000))))
    const echoed = bound.binding.output.bufferedAmount / 16_004
    expect(echoed).toBeGreaterThanOrEqual(4)
    expect(echoed).toBeLessThan(7)
    expect(bound.near.isPaused()).toBe(true)
    expect(bound.calls).toEqual(['blocked'])
    bound.near.release()
    await turns(50)
    expect(bound.frames.length).toBe(sent)
    expect(bound.near.isPaused()).toBe(false)
    expect(bound.calls.slice(0, 3)).toEqual(['blocked', 'unblocked', 'drain'])
  })

  it('is worth weighing while the stream asks to wait, and no longer when it has taken all', async () => {
    const seen: boolean[] = []
    const bound = new Bound({ listener: { weigh: () => seen.push(bound.binding.output.isBehind) } })
    bound.near.hold()
    bound.binding.connection.send(new Uint8Array(8_000))
    await turns()
    expect(seen).toEqual([])
    bound.binding.connection.send(new Uint8Array(16_000))
    await turns()
    expect(seen).toEqual([true])
    bound.near.release()
    await turns()
    expect(seen).toEqual([true, false])
    bound.binding.output.holds(5)
    bound.binding.output.holds(0)
    expect(seen).toEqual([true, false, true, false])
    expect(bound.calls).toEqual([])
  })

  it('holds one pong, for the latest of any number of pings (RFC 6455 5.5.3)', async () => {
    const bound = new Bound()
    bound.near.hold()
    for (let i = 0; i < 300; i++) await bound.send(clientFrame(9, `ping ${i}`))
    expect(bound.binding.output.bufferedAmount).toBe(8)
    bound.near.release()
    await turns()
    expect(bound.frames.map(({ payload }) => payload.toString())).toEqual(['ping 0', 'ping 299'])
    await bound.send(clientFrame(9, 'next'))
    expect(bound.frames.at(-1)!.payload.toString()).toBe('next')
  })

  it('is waited for by messages that a slow extension still works on', async () => {
    const extension = new SlowExtension()
    const bound = new Bound({
      extension,
      listener: {
        message: (_owner, message) => bound.binding.connection.send(message, false) && bound.binding.output.isReady,
      },
    })
    // Deflating is slower than inflating: what waits for it counts as unsent, and reading rests.
    for (let i = 0; i < 40; i++) await bound.send(clientFrame(2, new Uint8Array(16_000)))
    expect(bound.binding.output.bufferedAmount).toBeLessThan(65_536 + 2 * 16_000)
    expect(bound.near.isPaused()).toBe(true)
    // What passes by, and leaves at once, changes nothing about that.
    const waiting = bound.binding.output.bufferedAmount
    for (let i = 0; i < 20; i++) {
      bound.binding.connection.ping()
      await turns()
    }
    expect([bound.binding.output.bufferedAmount, bound.near.isPaused()]).toEqual([waiting, true])
    for (let i = 0; i < 40; i++) {
      extension.finishEncoding()
      await turns()
    }
    expect(bound.frames.filter(({ opcode }) => opcode === 2).length).toBe(40)
  })

  it('keeps little more memory than what it was given, whatever others send meanwhile', async () => {
    const slow = new Bound({ options: { highWaterMark: 1 << 24 } })
    const fast = new Bound()
    fast.far.removeAllListeners('data').resume()
    slow.near.hold()
    const before = await memoryInUse()
    for (let i = 0; i < 2000; i++) {
      slow.binding.connection.send(`message ${i}`)
      slow.binding.flush()
      // Enough to fill the memory that all connections share: what lies there of the slow one must not keep it.
      for (let n = 0; n < 10; n++) fast.binding.connection.send('x'.repeat(2500))
      fast.binding.flush()
      await turns(1)
    }
    expect(slow.binding.output.bufferedAmount).toBeLessThan(32_768)
    expect((await memoryInUse()) - before).toBeLessThan(4 * MiB)
    slow.near.release()
    await turns(20)
    expect(slow.frames.map(({ payload }) => payload.toString())).toEqual(
      Array.from({ length: 2000 }, (_, i) => `message ${i}`),
    )
  })

  it('may be corked and takes several pieces as one', async () => {
    const bound = new Bound()
    const before = bound.near.writableCorked
    bound.binding.connection.send('small')
    bound.binding.connection.send(new Uint8Array(9000))
    bound.binding.connection.send('small')
    bound.binding.flush()
    expect(bound.near.writableCorked).toBe(before)
    await turns()
    expect(bound.frames.map(({ payload }) => payload.length)).toEqual([5, 9000, 5])
  })

  it('is dropped when the time for closing is over and it has taken nothing', async () => {
    const bound = new Bound()
    bound.near.hold()
    bound.binding.connection.send(new Uint8Array(50_000))
    bound.binding.connection.close(1000)
    await turns()
    vi.advanceTimersByTime(900)
    expect(bound.outcomes).toEqual([])
    vi.advanceTimersByTime(400)
    expect(bound.outcomes).toMatchObject([{ code: 1006, cause: 'timeout' }])
    expect(bound.near.destroyed).toBe(true)
  })

  it('is given more time as long as it takes some: nothing queued is truncated', async () => {
    const bound = new Bound()
    bound.near.hold()
    for (let i = 0; i < 6; i++) {
      bound.binding.connection.send(new Uint8Array(50_000))
      bound.binding.flush()
    }
    bound.binding.connection.close(1000)
    await turns()
    for (let i = 0; i < 4; i++) {
      bound.near.release(1)
      await turns()
      vi.advanceTimersByTime(1100)
      expect(bound.outcomes).toEqual([])
    }
    bound.near.release()
    await turns()
    expect(bound.frames.map(({ opcode }) => opcode)).toEqual([2, 2, 2, 2, 2, 2, 8])
  })

  it('gets what was sent before the peer ended its side (RFC 6455 7.1.1)', async () => {
    const bound = new Bound()
    bound.near.hold()
    bound.binding.connection.send(new Uint8Array(50_000))
    bound.binding.flush()
    bound.far.end()
    await turns()
    expect(bound.outcomes).toEqual([])
    bound.near.release()
    await turns()
    expect(bound.frames.length).toBe(1)
    expect(bound.outcomes).toMatchObject([{ code: 1006, clean: false, cause: 'transport' }])
  })
})

describe('The end of the peer’s side', () => {
  it('while paused is told only behind what came before it', async () => {
    const bound = new Bound()
    bound.binding.connection.pause()
    await bound.send(clientFrame(1, 'last words'))
    bound.far.end()
    await turns()
    expect([bound.calls, bound.outcomes]).toEqual([[], []])
    bound.binding.connection.resume()
    await turns()
    expect(bound.calls).toEqual(['message 10'])
    expect(bound.outcomes).toMatchObject([{ code: 1006 }])
  })

  it('while an extension decodes is told behind the message', async () => {
    const extension = new SlowExtension()
    const bound = new Bound({ extension })
    await bound.send(clientFrame(2, 'bytes', { rsv: 2 }))
    bound.far.end()
    await turns()
    expect(bound.outcomes).toEqual([])
    extension.finishDecoding()
    await turns()
    expect(bound.calls).toEqual(['message 5'])
    expect(bound.outcomes.length).toBe(1)
  })

  it('by an error is told with it', async () => {
    const bound = new Bound()
    bound.near.destroy(new Error('broken pipe'))
    await turns()
    expect(bound.outcomes).toMatchObject([{ code: 1006, cause: 'transport', error: new Error('broken pipe') }])
  })
})

describe('A listener that throws', () => {
  const thrower = (): never => {
    throw new Error('mine')
  }

  it('is told to the listener of errors, whichever it is', async () => {
    const bound = new Bound({
      listener: { message: thrower, ping: thrower, pong: thrower, drain: thrower, close: thrower },
    })
    await bound.send(clientFrame(1, 'x'), clientFrame(9), clientFrame(10))
    bound.near.hold()
    bound.binding.connection.send(new Uint8Array(100_000))
    bound.binding.flush()
    bound.near.release()
    await turns()
    bound.far.end()
    await turns()
    expect(bound.calls.filter((call) => call === 'error Error: mine').length).toBe(5)
    expect(bound.outcomes.length).toBe(1)
  })
})

function optionsOf(_bound: Bound): BindingOptions {
  return {
    role: 'server',
    maxPayload: 1000,
    maxFragments: 1000,
    text: 'string',
    autoPong: true,
    highWaterMark: 1000,
    closeTimeout: 1000,
  }
}
