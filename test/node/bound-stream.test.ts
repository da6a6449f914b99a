import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { bindStream, claimStream, type StreamUser } from '../../src/node/bound-stream.ts'

const TAKEN = 'this stream was taken for a WebSocket connection already'

/** Writes down what it is told. */
class Notes implements StreamUser {
  readonly told: string[] = []
  readonly connection = {
    transportClosed: (error?: Error) => void this.told.push(error === undefined ? 'closed' : error.message),
  }
  readonly output = { drained: () => void this.told.push('drained') }

  receive(chunk: Uint8Array): void {
    this.told.push(Buffer.from(chunk).toString())
  }

  ended(): void {
    this.told.push('ended')
  }
}

describe('A stream', () => {
  it('is for one connection, whoever claims it first', () => {
    const stream = new PassThrough()
    claimStream(stream)
    expect(() => claimStream(stream)).toThrow(TAKEN)
    bindStream(stream, new Notes())
    expect(() => bindStream(stream, new Notes())).toThrow(TAKEN)
    expect(() => claimStream(stream)).toThrow(TAKEN)
  })

  it('tells its connection what happens on it, and that of another nothing', () => {
    const [one, other] = [new PassThrough(), new PassThrough()]
    const [ofOne, ofOther] = [new Notes(), new Notes()]
    bindStream(one, ofOne)
    bindStream(other, ofOther)
    one.emit('data', Buffer.from('bytes'))
    one.emit('drain')
    one.emit('end')
    one.emit('error', new Error('broken'))
    one.emit('close')
    expect(ofOne.told).toEqual(['bytes', 'drained', 'ended', 'broken', 'closed'])
    expect(ofOther.told).toEqual([])
  })
})
