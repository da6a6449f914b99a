/**
 * What has to be true, as data: a workload, a rival, and by what factor barewire must be better, or at most how many times
 * worse it may be. Whether it is so is computed from the rounds, never written down.
 */
import type { Metric } from './run.ts'

export interface Target {
  readonly title: string
  /** The workloads it holds for; the worst of them decides. */
  readonly workloads: readonly string[]
  readonly peer: string
  readonly metric: Metric
  /** `less`: the peer's figure is at least `factor` times ours. `atMost`: ours is at most `factor` times the peer's. */
  readonly kind: 'less' | 'atMost'
  readonly factor: number
}

const pipelined = [
  'echo/binary/16/c50/p16',
  'echo/binary/125/c50/p16',
  'echo/binary/1024/c50/p16',
  'echo/binary/16/c1/p64',
  'echo/binary/125/c1/p64',
  'echo/binary/1024/c1/p64',
]
const oneByOne = ['echo/binary/16/c50/p1', 'echo/binary/125/c50/p1', 'echo/binary/1024/c50/p1']
const large = [
  'echo/binary/16384/c50/p1',
  'echo/binary/65536/c50/p1',
  'echo/binary/1048576/c50/p1',
  'echo/binary/16384/c50/p16',
]
const parse = ['parse/binary/16', 'parse/binary/125']
const burstFanout = ['fanout/64/s200/w16', 'fanout/1024/s200/w16']
const singleFanout = ['fanout/64/s200/w1', 'fanout/1024/s200/w1']
const smallDeflate = ['deflate/takeover/128/c16/p1', 'deflate/takeover/512/c16/p1', 'deflate/takeover/1024/c16/p1']

const broadcast = (burst: number): string => `deflate/broadcast/512/s200/w${burst}`

const cpu = { metric: 'cpu' } as const
const less = { ...cpu, kind: 'less' } as const
const atMost = { ...cpu, kind: 'atMost' } as const

/** Fulfilled on this Node and, where it is measured, on the newest. */
const base: readonly Target[] = [
  { ...less, title: 'echo 16 B-1 KiB, 16 or 64 in flight', workloads: pipelined, peer: 'ws', factor: 8 },
  { ...atMost, title: 'echo 16 B-1 KiB, 16 or 64 in flight', workloads: pipelined, peer: 'raw', factor: 1.35 },
  { ...less, title: 'echo 16 B-1 KiB, 1 in flight', workloads: oneByOne, peer: 'ws', factor: 1.1 },
  { ...atMost, title: 'echo 16 B-1 KiB, 1 in flight', workloads: oneByOne, peer: 'raw', factor: 1.12 },
  { ...less, title: 'echo 16 KiB-1 MiB', workloads: large, peer: 'ws', factor: 2.5 },
  { ...atMost, title: 'echo 16 KiB-1 MiB', workloads: large, peer: 'ws+bufferutil', factor: 1 },
  { title: 'parse 16 B and 125 B, binary', workloads: parse, peer: 'ws', metric: 'time', kind: 'less', factor: 4 },
  { ...less, title: 'send 16 B, 64 a turn', workloads: ['send/16/t64'], peer: 'ws', factor: 10 },
  { ...less, title: 'fan-out to 200, 16 messages a turn', workloads: burstFanout, peer: 'ws', factor: 12 },
  { ...less, title: 'fan-out to 200, 1 message a turn', workloads: singleFanout, peer: 'ws', factor: 1 },
  { ...atMost, title: 'fan-out to 200, 16 messages a turn', workloads: burstFanout, peer: 'bun', factor: 1.3 },
  { ...less, title: 'chat, 32 clients', workloads: ['chat/64/c32'], peer: 'ws', factor: 10 },
  { ...less, title: 'deflate echo, JSON 128 B-1 KiB', workloads: smallDeflate, peer: 'ws', factor: 4 },
  { ...less, title: 'deflate broadcast to 200, 1 a turn', workloads: [broadcast(1)], peer: 'ws', factor: 20 },
  { ...less, title: 'deflate broadcast to 200, 16 a turn', workloads: [broadcast(16)], peer: 'ws', factor: 20 },
  {
    title: 'RSS a connection after deflate both ways',
    workloads: ['memory/deflate'],
    peer: 'ws',
    metric: 'rssUsed',
    kind: 'less',
    factor: 10,
  },
  {
    title: 'worst delay of 1 byte while 20 connections deflate 4 MiB',
    workloads: ['deflate/delay'],
    peer: 'ws',
    metric: 'max',
    kind: 'less',
    factor: 10,
  },
  {
    title: 'RSS of an idle connection',
    workloads: ['memory/plain'],
    peer: 'ws',
    metric: 'rssIdle',
    kind: 'atMost',
    factor: 1,
  },
  { ...atMost, title: 'CPU of a handshake', workloads: ['handshake/64'], peer: 'ws', factor: 1 },
]

/** Rivals that are measured on the newest Node as well. */
const ON_NEWEST = new Set(['ws', 'raw'])

export const TARGETS: readonly Target[] = base.flatMap((target) =>
  ON_NEWEST.has(target.peer)
    ? [target, { ...target, title: `${target.title}, newest Node`, peer: `${target.peer}@newest` }]
    : [target],
)
