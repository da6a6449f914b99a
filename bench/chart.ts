/** Bar charts as SVG, drawn by hand: one block a workload, each with its own scale, readable on light and dark pages. */

export interface Bar {
  readonly label: string
  readonly value: number
  /** The lowest and highest round, drawn as a whisker. */
  readonly low: number
  readonly high: number
  readonly kind: 'ours' | 'peer' | 'floor'
}

export interface Block {
  readonly title: string
  readonly format: (value: number) => string
  readonly bars: readonly Bar[]
}

export interface Chart {
  readonly title: string
  readonly subtitle: string
  readonly blocks: readonly Block[]
  /** Draw a line at this value in every block, such as 1 for ratios. */
  readonly mark?: number
}

const COLUMNS = 2
const COLUMN_WIDTH = 470
const GUTTER = 32
const MARGIN = 24
const HEAD = 84
const BLOCK_HEAD = 30
const ROW = 22
const BAR = 13
const LABEL_WIDTH = 128
const VALUE_WIDTH = 76
const BLOCK_GAP = 22

const STYLE = `
  .page { fill: #fcfcfd } .ink { fill: #1c2330 } .soft { fill: #5b6575 } .track { fill: #eceef2 }
  .ours { fill: #2563c9 } .peer { fill: #9aa5b8 } .floor { fill: #cfd6e1 } .whisker { stroke: #1c2330; stroke-opacity: .45 }
  .mark { stroke: #c2410c; stroke-dasharray: 3 3 }
  text { font-family: system-ui, -apple-system, 'Segoe UI', sans-serif; font-size: 12px }
  .title { font-size: 19px; font-weight: 650 } .block { font-size: 13px; font-weight: 600 }
  .value { font-variant-numeric: tabular-nums } .strong { font-weight: 650 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0e131b } .ink { fill: #e7ebf2 } .soft { fill: #98a3b5 } .track { fill: #1b222d }
    .ours { fill: #5b9bff } .peer { fill: #55617a } .floor { fill: #353f50 } .whisker { stroke: #e7ebf2 }
    .mark { stroke: #fb923c }
  }`

/** Draw a chart. */
export function drawChart(chart: Chart): string {
  const columns = splitIntoColumns(chart.blocks)
  const height = HEAD + Math.max(...columns.map((blocks) => sum(blocks.map(blockHeight)))) + MARGIN
  const width = MARGIN * 2 + COLUMN_WIDTH * columns.length + GUTTER * (columns.length - 1)
  const body = columns.map((blocks, index) => {
    let y = HEAD
    return blocks
      .map((block) => {
        const drawn = drawBlock(chart, block, { x: MARGIN + index * (COLUMN_WIDTH + GUTTER), y })
        y += blockHeight(block)
        return drawn
      })
      .join('')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(chart.title)}">
<style>${STYLE}</style>
<rect class="page" width="${width}" height="${height}" rx="10"/>
<text class="ink title" x="${MARGIN}" y="38">${escape(chart.title)}</text>
<text class="soft" x="${MARGIN}" y="59">${escape(chart.subtitle)}</text>
${body.join('')}</svg>
`
}

function drawBlock(chart: Chart, block: Block, { x, y }: { x: number; y: number }): string {
  const room = COLUMN_WIDTH - LABEL_WIDTH - VALUE_WIDTH
  const most = Math.max(...block.bars.map(({ value }) => value), chart.mark ?? 0) * 1.02
  const start = x + LABEL_WIDTH
  const at = (value: number): number => round(start + (Math.min(value, most) / most) * room)
  const rows = block.bars.map((bar, index) => {
    const top = y + BLOCK_HEAD + index * ROW
    const middle = top + BAR / 2
    const strong = bar.kind === 'ours' ? ' strong' : ''
    return `<text class="${bar.kind === 'ours' ? 'ink strong' : 'soft'}" x="${start - 8}" y="${top + 11}" text-anchor="end">${escape(bar.label)}</text>
<rect class="track" x="${start}" y="${top}" width="${room}" height="${BAR}" rx="3"/>
<rect class="${bar.kind}" x="${start}" y="${top}" width="${Math.max(1.5, round(at(bar.value) - start))}" height="${BAR}" rx="3"/>
<path class="whisker" d="M${at(bar.low)} ${middle}H${at(bar.high)}"/>
<text class="ink value${strong}" x="${start + room + 8}" y="${top + 11}">${escape(block.format(bar.value))}</text>`
  })
  const bottom = y + BLOCK_HEAD + block.bars.length * ROW - (ROW - BAR)
  const mark =
    chart.mark === undefined ? '' : `<path class="mark" d="M${at(chart.mark)} ${y + BLOCK_HEAD - 3}V${bottom + 3}"/>`
  return `<text class="ink block" x="${x}" y="${y + 17}">${escape(block.title)}</text>\n${rows.join('\n')}${mark}\n`
}

function splitIntoColumns(blocks: readonly Block[]): Block[][] {
  if (blocks.length < 3) return [[...blocks]]
  const columns: Block[][] = Array.from({ length: COLUMNS }, () => [])
  const half = sum(blocks.map(blockHeight)) / COLUMNS
  let height = 0
  for (const block of blocks) {
    const column = Math.min(COLUMNS - 1, Math.floor((height + blockHeight(block) / 2) / half))
    columns[column]!.push(block)
    height += blockHeight(block)
  }
  return columns
}

function blockHeight({ bars }: Block): number {
  return BLOCK_HEAD + bars.length * ROW + BLOCK_GAP
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
