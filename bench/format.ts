/** How the report writes figures down, and what it calls them. */
import type { Metric } from './run.ts'
import type { Summary } from './statistics.ts'

export const METRICS: Readonly<Record<Metric, string>> = {
  cpu: 'CPU us',
  time: 'CPU ns',
  perSecond: 'a second',
  p50: 'p50 us',
  p99: 'p99 us',
  p999: 'p99.9 us',
  max: 'max us',
  rssIdle: 'RSS idle KiB',
  heapIdle: 'heap idle KiB',
  rssUsed: 'RSS used KiB',
  rssGrowth: 'RSS growth KiB',
}

export function spread({ median: middle, low, high }: Summary): string {
  return `**${number(middle)}** (${number(low)}-${number(high)})`
}

export function ratio(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function number(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-GB').replaceAll(',', '\u202f')
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
