/**
 * Draws docs/connection-states.svg from the transition table: `node --import tsx scripts/draw-states.ts`.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConnectionState, transitions } from '../src/protocol/connection-state.ts'

const NODE = { width: 150, height: 54 }
const STEP = 190
const CENTRE = 320
const TOP = 30
const WIDTH = 880

/** What each state is, in a few words. */
const CAPTIONS: Readonly<Record<ConnectionState, string>> = {
  open: 'messages both ways',
  closing: 'our Close is sent',
  draining: 'only TCP is left to end',
  closed: 'reported, once',
}

interface Edge {
  readonly from: number
  readonly to: number
  /** `event: action, action`, one for each event that leads there. */
  readonly labels: readonly string[]
}

const states = Object.values(ConnectionState)

function edges(): Edge[] {
  return states.flatMap((state, from) =>
    states.flatMap((next, to): Edge[] => {
      const labels = Object.entries(transitions[state])
        .filter(([, transition]) => transition.next === next)
        .map(([event, { actions }]) => `${event}: ${actions.join(', ')}`)
      return labels.length === 0 ? [] : [{ from, to, labels }]
    }),
  )
}

function nodeTop(index: number): number {
  return TOP + index * STEP
}

function drawNode(state: ConnectionState, index: number): string {
  const y = nodeTop(index)
  return `<g class="state"><rect x="${CENTRE - NODE.width / 2}" y="${y}" width="${NODE.width}" height="${NODE.height}" rx="10"/>
<text x="${CENTRE}" y="${y + 23}" class="name">${state}</text><text x="${CENTRE}" y="${y + 42}" class="caption">${CAPTIONS[state]}</text></g>`
}

/** Neighbours are joined straight; who skips a state goes round it, by turns at the right and at the left; who stays goes round at the left. */
function drawEdge({ from, to, labels }: Edge): string {
  const span = to - from
  if (span === 0) {
    const edge = CENTRE - NODE.width / 2
    const middle = nodeTop(from) + NODE.height / 2
    const loop = `M ${edge} ${middle - 12} H ${edge - 24} Q ${edge - 36} ${middle} ${edge - 24} ${middle + 12} H ${edge - 3}`
    return path(loop) + drawLabels(labels, { x: edge - 4, y: middle + 34, anchor: 'end' })
  }
  if (span === 1) {
    const start = nodeTop(from) + NODE.height
    return (
      path(`M ${CENTRE} ${start} V ${nodeTop(to) - 3}`) +
      drawLabels(labels, { x: CENTRE + 10, y: start + 28, anchor: 'start' })
    )
  }
  const side = span > 2 || from % 2 === 0 ? 1 : -1
  const edge = CENTRE + (side * NODE.width) / 2
  const lane = CENTRE + side * (span > 2 ? 430 : 190)
  const start = nodeTop(from) + (span > 2 ? 18 : NODE.height / 2)
  const end = nodeTop(to) + NODE.height / 2
  const round = `M ${edge} ${start} H ${lane - side * 20} Q ${lane} ${start} ${lane} ${start + 20}`
  const back = `V ${end - 20} Q ${lane} ${end} ${lane - side * 20} ${end} H ${edge + side * 3}`
  const at = { x: lane + side * 8, y: span > 2 ? end - 70 : start + 42, anchor: side > 0 ? 'start' : 'end' }
  return path(`${round} ${back}`) + drawLabels(labels, at)
}

function path(d: string): string {
  return `<path d="${d}" marker-end="url(#head)"/>`
}

function drawLabels(labels: readonly string[], { x, y, anchor }: { x: number; y: number; anchor: string }): string {
  const lines = labels.flatMap((label) => {
    const [event = '', actions = ''] = label.split(': ')
    return [`<tspan class="event">${event}</tspan>`, `<tspan class="action">${actions}</tspan>`]
  })
  return lines.map((line, i) => `<text x="${x}" y="${y + i * 17}" text-anchor="${anchor}">${line}</text>`).join('')
}

/** The drawing, as SVG. */
export function drawStates(): string {
  const height = nodeTop(states.length - 1) + NODE.height + TOP
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="The states of a WebSocket connection and what leads from one to the next">
<style>
svg { background: #fff; font: 13px ui-sans-serif, system-ui, sans-serif }
rect { fill: #eef4ff; stroke: #2f5fb3; stroke-width: 1.5 } path { fill: none; stroke: #55617a; stroke-width: 1.5 }
.name { font-weight: 700; font-size: 16px; text-anchor: middle } .caption { fill: #44506a; text-anchor: middle; font-size: 12px }
.event { font-weight: 600; fill: #1d2433 } .action { fill: #44506a }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" style="fill:#55617a;stroke:none"/></marker></defs>
${edges().map(drawEdge).join('\n')}
${states.map(drawNode).join('\n')}
</svg>
`
}

const file = fileURLToPath(new URL('../docs/connection-states.svg', import.meta.url))
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, drawStates())
