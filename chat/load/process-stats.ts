/** What a node costs: its memory from /proc, its numbers from /metrics. */
import { readdirSync, readFileSync } from 'node:fs'
import type { NodeProcess } from './node-process.ts'

const PAGE_BYTES = 4096

/** Resident bytes of a process. */
export function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Seconds of CPU that a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** One number of `/metrics` from the internal port. */
export async function metric(node: NodeProcess, name: string): Promise<number> {
  const text = await (await fetch(`${node.internalUrl}/metrics`)).text()
  let sum = 0
  for (const line of text.split('\n')) {
    if (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) sum += Number(line.slice(line.lastIndexOf(' ')))
  }
  return sum
}

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
export const count = (value: number): string => value.toLocaleString('en')
export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
