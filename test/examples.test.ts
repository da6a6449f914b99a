/** The programs of docs/examples.md and docs/embedding.md: each is run, and prints what stands below it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeSelfSigned } from '../src/cli/self-signed.ts'
import { codeBlocks } from './support/markdown.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
mkdirSync(join(root, '.cache'), { recursive: true })
const folder = mkdtempSync(join(root, '.cache/examples-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// What the programs find beside them.
const { key, cert } = makeSelfSigned(['127.0.0.1', 'localhost'], Date.now())
writeFileSync(join(folder, 'key.pem'), key)
writeFileSync(join(folder, 'cert.pem'), cert)
writeFileSync(join(folder, 'large.bin'), new Uint8Array(3_000_000))

interface Example {
  readonly title: string
  readonly text: string
  readonly prints: string
}

function examplesOf(name: string): Example[] {
  const markdown = readFileSync(join(root, 'docs', name), 'utf8')
  const blocks = codeBlocks(markdown)
  return blocks.flatMap((block, i) => {
    if (block.language !== 'ts') return []
    const before = markdown.split('\n').slice(0, block.line)
    const heading =
      before
        .filter((line) => line.startsWith('## '))
        .at(-1)
        ?.slice(3) ?? name
    const next = blocks[i + 1]
    return [{ title: heading, text: block.text, prints: next?.language === 'text' ? next.text : 'nothing is shown\n' }]
  })
}

async function run(text: string): Promise<string> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.ts`)
  writeFileSync(file, text)
  const tsx = fileURLToPath(import.meta.resolve('tsx'))
  const child = spawn(process.execPath, ['--import', tsx, file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  return output
}

describe.each(['examples.md', 'embedding.md'])('docs/%s', (name) => {
  const examples = examplesOf(name)

  it.each(examples)('$title', async ({ text, prints }) => {
    expect(await run(text)).toBe(prints)
  })

  it('has programs of at most 50 lines', () => {
    for (const { title, text } of examples) expect(text.split('\n').length, title).toBeLessThanOrEqual(56)
  })
})
