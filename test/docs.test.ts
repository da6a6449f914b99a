/**
 * The guides show commands and what they print; here they are run. UPDATE_DOCS=1 writes what they print into the guides.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { drawStates } from '../scripts/draw-states.ts'
import { transitions } from '../src/protocol/connection-state.ts'
import { defaults } from '../src/node/limits.ts'
import { codeBlocks } from './support/markdown.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
const PROMPT = '$ barewire '

/** Run the commands of a console block; answer the block as it should be. */
function replay(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.startsWith(PROMPT))
    .map((line) => {
      const args = ['dist/cli/main.js', ...line.slice(PROMPT.length).split(' ')]
      const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
      return `${line}\n${stdout}${stderr}`
    })
    .join('')
}

describe('the commands of the guides print what the guides show', () => {
  for (const name of guides) {
    const path = join(root, 'docs', name)
    const markdown = readFileSync(path, 'utf8')
    const blocks = codeBlocks(markdown).filter(({ language }) => language === 'console')
    if (blocks.length === 0) continue
    it(`docs/${name}`, () => {
      const replayed = blocks.map(({ text }) => replay(text))
      if (process.env['UPDATE_DOCS'] === '1') {
        const updated = blocks.reduce((all, { text }, i) => all.replace(text, () => replayed[i] ?? ''), markdown)
        writeFileSync(path, updated)
      } else {
        expect(blocks.map(({ text }) => text)).toEqual(replayed)
      }
    })
  }
})

describe('the drawing of the states', () => {
  it('is made from the table as it stands (RFC 6455 7)', () => {
    const drawing = readFileSync(join(root, 'docs/connection-states.svg'), 'utf8')
    expect(drawing, 'node --import tsx scripts/draw-states.ts draws it anew').toBe(drawStates())
    for (const row of Object.values(transitions)) for (const event of Object.keys(row)) expect(drawing).toContain(event)
  })
})

describe('docs/limits.md', () => {
  const text = readFileSync(join(root, 'docs/limits.md'), 'utf8')
  const lines = text.split('\n')

  /** A number as the guides may write it. */
  function spellings(value: number): string[] {
    const forms = [`| ${value.toLocaleString('en')} |`, `| ${value / 1000} s |`, `| ${value} bytes |`]
    return [...forms, `| ${value / 2 ** 20} MiB |`, `| ${value / 1024} KiB |`, `${value / 1024} KiB (`]
  }

  it.each(Object.entries(defaults))('tells the default of %s', (name, value) => {
    const told = lines.filter((line) => line.includes(`\`${name}\``))
    expect(
      told.some((line) => spellings(value).some((form) => line.includes(form))),
      told.join('\n'),
    ).toBe(true)
  })
})
