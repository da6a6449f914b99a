/** What the README and the guides say is executed: programs are compiled and run, commands and links looked up. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'undici'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { codeBlocks, links } from './support/markdown.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const documents = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))

// Below the package, so that `import 'barewire'` finds it as it does for an application.
mkdirSync(join(root, '.cache'), { recursive: true })
const folder = mkdtempSync(join(root, '.cache/readme-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Program {
  readonly title: string
  readonly file: string
  readonly text: string
}

const programs: Program[] = documents.flatMap(({ name, text }) =>
  codeBlocks(text)
    // A program imports what it uses; the rest are fragments of one.
    .filter(({ language, text: code }) => language === 'ts' && /^import /m.test(code))
    .map((block) => {
      const file = join(folder, `${name.replaceAll(/\W/g, '-')}-${block.line}.ts`)
      writeFileSync(file, block.text)
      return { title: `${name}:${block.line}`, file, text: block.text }
    }),
)

const shellLines = documents.flatMap(({ name, text }) =>
  codeBlocks(text)
    .filter(({ language }) => language === 'sh')
    .flatMap((block) => block.text.split('\n'))
    .map((line) => line.replace(/\s*#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => ({ name, line })),
)

/** The program of the README, on a port of the system's choice. */
function readmeServer(): string {
  const program = programs.find(({ title }) => title.startsWith('README.md:'))
  const text = program?.text.replace('listen(8080,', 'listen(0,') ?? ''
  const file = join(folder, 'server.ts')
  writeFileSync(file, `${text}\nconsole.log(JSON.stringify(server.address()))\n`)
  return file
}

async function run(file: string): Promise<{ port: number; child: ReturnType<typeof spawn> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  return { port: (JSON.parse(chunk.toString()) as { port: number }).port, child }
}

describe('the programs of the documents', () => {
  it('compile as they stand', () => {
    const compilerOptions = { isolatedDeclarations: false, noUnusedLocals: false, noUnusedParameters: false }
    const config = { extends: '../../tsconfig.json', compilerOptions, include: programs.map(({ file }) => file) }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8', cwd: folder })
    expect(stdout).toBe('')
    expect(programs.length).toBeGreaterThan(1)
  })

  it('the server of the README has 15 lines of code', () => {
    const program = programs.find(({ title }) => title.startsWith('README.md:'))
    expect(program?.text.split('\n').filter((line) => line.trim() !== '')).toHaveLength(15)
  })

  it('the server of the README lets people in, tells them apart, and takes its leave with 1012', async () => {
    const { port, child } = await run(readmeServer())
    const open = (name: string): Promise<WebSocket> => opened(new WebSocket(`ws://127.0.0.1:${port}/?name=${name}`))
    const [ada, tom] = await Promise.all([open('ada'), open('tom')])
    const heard = [next(ada), next(tom)]
    ada.send('hello')
    expect(await Promise.all(heard)).toEqual(['ada: hello', 'ada: hello'])
    const closing = [closeCode(ada), closeCode(tom)]
    child.kill('SIGTERM')
    expect(await Promise.all(closing)).toEqual([1012, 1012])
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code).toBe(0)
  })

  it('the server of the README refuses who does not say a name', async () => {
    const { port } = await run(readmeServer())
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    await new Promise((resolve) => socket.addEventListener('error', resolve, { once: true }))
    expect(socket.readyState).toBe(3)
  })
})

describe('the commands of the documents', () => {
  it('begin with the two that anyone starts with', () => {
    expect(shellLines.slice(0, 2).map(({ line }) => line)).toEqual(['npm ci && npm start', 'npm ci && npm test'])
  })

  it.each(shellLines)('$name: $line', ({ line }) => {
    for (const command of line.split(' && ')) {
      const [, script] = /^npm (?:run )?(start|test|[\w:]+)/.exec(command) ?? []
      if (script === 'ci') continue
      if (script !== undefined) expect(Object.keys(manifest.scripts)).toContain(script)
      else expect(existsSync(join(root, /[\w./-]+\.(?:js|sh)|\.ci\/run/.exec(command)?.[0] ?? ''))).toBe(true)
    }
  })

  it('the explanation of the README is that of "Hello"', () => {
    const line = shellLines.find(({ line: command }) => command.includes(' explain '))?.line ?? ''
    const { stdout, status } = spawnSync(process.execPath, line.split(' ').slice(1), { cwd: root, encoding: 'utf8' })
    expect(status).toBe(0)
    expect(stdout).toContain('text, 5 bytes in 1 frame: "Hello"')
  })

  it('every script in the tables exists', () => {
    const named = documents.flatMap(({ text }) => [...text.matchAll(/`npm run ([\w:]+)/g)].map((match) => match[1]))
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining([...new Set(named)]))
  })
})

describe('the links of the documents', () => {
  it.each(documents)('$name leads to files that exist', ({ name, text }) => {
    const local = links(text).filter((link) => !/^(?:https?:|#)/.test(link))
    const missing = local.filter((link) => !existsSync(join(root, dirname(name), link.replace(/#.*$/, ''))))
    expect(missing).toEqual([])
  })
})

function opened(socket: WebSocket): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket), { once: true })
    socket.addEventListener('error', reject, { once: true })
  })
}

function next(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data), { once: true }))
}

function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code), { once: true }))
}
