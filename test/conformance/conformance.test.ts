/**
 * The cases of the Autobahn test suite, sections 1 to 10, by their ids, in memory, with the endpoint in both roles. Each is
 * fed as the suite sends it, then, as far as its size allows, with everything in one chunk, and byte by byte.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concat } from '../support/hex.ts'
import type { Answer, Case, Step } from './case.ts'
import { closeHandling } from './close.ts'
import { compressionCases } from './compression.ts'
import { describeAnswer, Echo, type Role, ROLES, toAnswers } from './echo.ts'
import { fragmentation } from './fragmentation.ts'
import { framing } from './framing.ts'
import { limits } from './limits.ts'
import { utf8Handling } from './utf8.ts'
import { encodeFrame, PartEncoder } from './wire.ts'

const cases: readonly Case[] = [...framing, ...fragmentation, ...utf8Handling, ...closeHandling, ...limits]

/** How the bytes between two pauses arrive, and up to how many of them. */
const WAYS = { 'as the suite sends it': Infinity, 'in one chunk': 1024 * 1024, 'byte by byte': 4096 } as const
type Way = keyof typeof WAYS

/** A chunk to receive, or the answers that must have come by now. */
type Event = { readonly chunk: Uint8Array } | { readonly answers: readonly Answer[] }

function toEvents(steps: readonly Step[], masked: boolean, way: Way): Event[] {
  const events: Event[] = []
  const parts = new PartEncoder(masked)
  let gathered: Uint8Array[] = []
  const flush = (): void => {
    const whole = concat(...gathered)
    gathered = []
    const size = way === 'byte by byte' ? 1 : whole.length
    for (const chunk of chopped(whole, size)) events.push({ chunk })
  }
  for (const step of steps) {
    if (step.kind === 'pause') {
      flush()
      events.push({ answers: step.answers })
      continue
    }
    const encoded = step.kind === 'part' ? parts.encode(step) : encodeFrame(step, masked)
    if (way !== 'as the suite sends it') gathered.push(encoded)
    else for (const chunk of chopped(encoded, step.kind === 'part' ? 0 : step.chop)) events.push({ chunk })
  }
  flush()
  return events
}

function chopped(bytes: Uint8Array, size: number): Uint8Array[] {
  if (bytes.length === 0) return []
  if (size === 0) return [bytes]
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.slice(index * size, (index + 1) * size),
  )
}

function play({ steps, answers }: Case, role: Role, way: Way): void {
  const echo = new Echo(role)
  const given: Answer[] = []
  const take = (): string[] => {
    given.push(...toAnswers(echo.takeFrames(), role))
    return given.map(describeAnswer)
  }
  for (const event of toEvents(steps, role === 'server', way)) {
    if ('chunk' in event) echo.connection.receive(event.chunk)
    else expect(take(), way).toEqual(event.answers.map(describeAnswer))
  }
  expect(take(), way).toEqual(answers.map(describeAnswer))

  // RFC 6455 7.1.1: the server ends TCP, the client waits for it; however it came about, the end is told once.
  expect(echo.ended, way).toBe(role === 'server')
  echo.connection.receiveEnd()
  expect(echo.closed, way).toHaveLength(1)
}

function byteLength(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'pause' ? 0 : step.payload.length + 14), 0)
}

describe.each(ROLES)('an echoing %s answers as the Autobahn suite requires', (role) => {
  it.each(cases.map((one) => [one.id, one.title, one] as const))('%s: %s', (_id, _title, one) => {
    const length = byteLength(one.steps)
    for (const [way, most] of Object.entries(WAYS)) if (length <= most) play(one, role, way as Way)
  })
})

describe('the table', () => {
  it('holds every case of the suite, and no other, in its order', () => {
    const file = new URL('../../autobahn/cases.json', import.meta.url)
    const suite = JSON.parse(readFileSync(file, 'utf8')) as string[]
    const ours = [...cases, ...compressionCases].map(({ id }) => id)
    expect(suite).toHaveLength(517)
    expect(new Set(ours).size).toBe(ours.length)
    expect(ours.toSorted(byNumber)).toEqual(suite)
  })
})

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
