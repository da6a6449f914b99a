/** The same scripts against `ws` and against `barewire/ws`: what they see is the same. docs/from-ws.md tells what is not. */
import { describe, expect, it } from 'vitest'
import * as theirs from 'ws'
import * as ours from '../../src/ws/index.ts'
import { scenarios, show, type Library, type Scenario } from './scenarios.ts'

async function seenBy(library: Library, run: Scenario): Promise<unknown[]> {
  const seen: unknown[] = []
  await run(library, (...values) => void seen.push(values.map(show)))
  return seen
}

describe('An application written for ws sees of barewire/ws the same', () => {
  it.each(Object.entries(scenarios))('in %s', async (_name, run) => {
    const expected = await seenBy(theirs as unknown as Library, run)
    expect(expected.length).toBeGreaterThan(0)
    expect(await seenBy(ours, run)).toEqual(expected)
  })
})
