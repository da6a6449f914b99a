import { describe, expect, it } from 'vitest'
import { drawChart } from '../../bench/chart.ts'
import { judge } from '../../bench/judge.ts'
import { parseOptions } from '../../bench/options.ts'
import type { WorkloadResult } from '../../bench/run.ts'
import { median, ratios } from '../../bench/statistics.ts'
import { TARGETS, type Target } from '../../bench/targets.ts'
import { targetTable } from '../../bench/target-table.ts'
import { WORKLOADS } from '../../bench/workloads.ts'

const result = (id: string, ours: number[], theirs: number[]): WorkloadResult => ({
  id,
  suite: 'echo',
  title: id,
  unit: 'message',
  peers: { barewire: ours.map((cpu) => ({ cpu })), ws: theirs.map((cpu) => ({ cpu })) },
  missing: {},
})
const target: Target = { title: 't', workloads: ['a', 'b'], peer: 'ws', metric: 'cpu', kind: 'less', factor: 4 }

describe('the verdict on a target', () => {
  it('is the median of the ratios within each round, not the ratio of the medians', () => {
    const { worst } = judge(target, [result('a', [1, 10, 1], [5, 50, 6])])
    expect(worst?.factor).toEqual({ median: 5, low: 5, high: 6 })
  })

  it('is decided by the worst of its workloads', () => {
    const verdict = judge(target, [result('a', [1], [8]), result('b', [1], [3])])
    expect(verdict.worst?.id).toBe('b')
    expect(verdict.met).toBe(false)
    expect(judge({ ...target, factor: 3 }, [result('a', [1], [8]), result('b', [1], [3])]).met).toBe(true)
  })

  it('takes the highest ratio for what may be at most so many times the peer', () => {
    const atMost: Target = { ...target, kind: 'atMost', factor: 1.1 }
    const verdict = judge(atMost, [result('a', [1], [1]), result('b', [6], [5])])
    expect(verdict.worst).toEqual({ id: 'b', factor: { median: 1.2, low: 1.2, high: 1.2 } })
    expect(verdict.met).toBe(false)
  })

  it('is open where nothing was measured', () => {
    expect(judge(target, []).met).toBeUndefined()
  })
})

describe('the floor of a target', () => {
  const withFloors = (id: string, peers: Record<string, number[]>): WorkloadResult => ({
    ...result(id, [], []),
    peers: Object.fromEntries(
      Object.entries(peers).map(([name, figures]) => [name, figures.map((figure) => ({ cpu: figure }))]),
    ),
  })

  it('is taken in the workload that decides, round by round, and changes no verdict', () => {
    const results = [
      withFloors('a', { barewire: [1], ws: [9], raw: [1] }),
      withFloors('b', { barewire: [2, 2, 2], ws: [4, 6, 20], raw: [1, 1, 4] }),
    ]
    const verdict = judge(target, results)
    expect(verdict.worst?.id).toBe('b')
    expect(verdict.floor).toEqual({ name: 'raw', factor: { median: 5, low: 4, high: 6 } })
    expect(verdict.met).toBe(false)
  })

  it('counts as the target counts', () => {
    const atMost: Target = { ...target, kind: 'atMost', factor: 1 }
    const { floor } = judge(atMost, [withFloors('a', { barewire: [3], ws: [2], raw: [1] })])
    expect(floor?.factor.median).toBe(0.5)
  })

  it('runs on the same Node as the rival', () => {
    const peers = { raw: [1], 'barewire@newest': [2], 'ws@newest': [9], 'raw@newest': [3] }
    const { floor } = judge({ ...target, peer: 'ws@newest' }, [withFloors('a', peers)])
    expect(floor).toEqual({ name: 'raw@newest', factor: { median: 3, low: 3, high: 3 } })
    expect(judge({ ...target, peer: 'ws' }, [withFloors('a', { ...peers, ws: [1], barewire: [1] })]).floor?.name).toBe(
      'raw',
    )
  })

  it('is left open where none ran, and where it is the floor itself that is held against', () => {
    expect(judge(target, [result('a', [1], [8])]).floor).toBeUndefined()
    const peers = { barewire: [1], raw: [1], 'raw+zlib': [1] }
    expect(judge({ ...target, peer: 'raw' }, [withFloors('a', peers)]).floor).toBeUndefined()
  })

  it('stands in the table beside what was reached', () => {
    const verdict = judge(target, [withFloors('a', { barewire: [2], ws: [6], 'raw+zlib': [1.5] })])
    const open = judge(target, [])
    expect(targetTable([verdict, open]).split('\n').slice(2)).toEqual([
      '| t | ws | CPU us | 4 x less | **3.00** (3.00-3.00) | raw net and zlib: 4.00 x | not met |',
    ])
  })
})

describe('the data of the bench', () => {
  it('gives every workload an id of its own', () => {
    const ids = WORKLOADS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('has a workload for every target, in which its peer takes part, without --full', () => {
    for (const { title, workloads, peer } of TARGETS) {
      for (const id of workloads) {
        if (id.startsWith('parse/')) continue // a micro bench: bench/micro/parse.ts
        const workload = WORKLOADS.find((candidate) => candidate.id === id)
        expect(workload?.peers, `${title}: ${id}`).toContain(peer)
        expect(workload?.onlyFull, `${title}: ${id}`).toBe(false)
      }
    }
  })
})

describe('statistics', () => {
  it('take the middle, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })

  it('divide round by round', () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3])
  })
})

describe('the command line', () => {
  it('names the argument that is wrong', () => {
    expect(() => parseOptions(['warp'])).toThrow("there is no suite 'warp'")
    expect(() => parseOptions(['--rounds', '0'])).toThrow("--rounds must be a whole number from 1, got '0'")
    expect(parseOptions(['--help'])).toBe('help')
  })

  it('never measures without barewire', () => {
    const options = parseOptions(['echo', '--peers', 'ws'])
    expect(options !== 'help' && options.peers).toEqual(['barewire', 'ws'])
  })
})

describe('a chart', () => {
  it('is one SVG with a bar for each figure, its text escaped', () => {
    const bar = { label: 'a < b', value: 2, low: 1, high: 3, kind: 'ours' } as const
    const svg = drawChart({ title: 'T', subtitle: 'S', blocks: [{ title: 'B', format: String, bars: [bar, bar] }] })
    expect(svg.match(/class="ours"/g)).toHaveLength(2)
    expect(svg).toContain('a &lt; b')
    expect(svg).toContain('prefers-color-scheme: dark')
  })
})
