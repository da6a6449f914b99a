#!/usr/bin/env node
/**
 * `npm start`: builds what has changed (library, page, chat server), then runs the chat room in this process. Whether a
 * part has changed is told by a digest of its sources, not by dates.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const cache = join(root, '.cache/start')

/** In this order: the page and the chat server import the library. */
const PARTS = [
  {
    name: 'library',
    sources: ['src', 'tsconfig.json', 'tsconfig.build.json'],
    output: 'dist/index.js',
    command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  },
  {
    name: 'page',
    sources: ['src', 'chat/protocol', 'chat/web'],
    output: 'chat/web/dist/index.html',
    command: ['node_modules/vite/bin/vite.js', 'build', '--config', 'chat/web/vite.config.ts', '--logLevel', 'warn'],
  },
  {
    name: 'chat server',
    sources: ['src', 'chat/protocol', 'chat/server', 'chat/tsconfig.json', 'chat/tsconfig.build.json'],
    output: 'chat/dist/server/main.js',
    command: ['node_modules/typescript/bin/tsc', '-p', 'chat/tsconfig.build.json'],
  },
]

const SKIPPED = new Set(['dist', 'node_modules', '.data'])

function* filesOf(path) {
  const full = join(root, path)
  if (!existsSync(full)) return
  let entries
  try {
    entries = readdirSync(full, { withFileTypes: true })
  } catch {
    yield path
    return
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* filesOf(`${path}/${entry.name}`)
    else if (entry.isFile()) yield `${path}/${entry.name}`
  }
}

function fingerprint({ sources, command }) {
  const hash = createHash('sha256').update(command.join(' '))
  for (const source of [...sources, 'package-lock.json']) {
    for (const file of filesOf(source)) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

/** Build one part unless it stands already; `false` when that failed. */
function build(part) {
  const mark = join(cache, part.name.replaceAll(' ', '-'))
  const now = fingerprint(part)
  const known = existsSync(mark) ? readFileSync(mark, 'utf8') : ''
  if (known === now && existsSync(join(root, part.output))) return true
  console.error(`building the ${part.name} …`)
  const { status, stdout, stderr } = spawnSync(process.execPath, part.command, { cwd: root, encoding: 'utf8' })
  if (status !== 0) {
    console.error(`${stdout}${stderr}the ${part.name} could not be built`)
    return false
  }
  mkdirSync(cache, { recursive: true })
  writeFileSync(mark, now)
  return true
}

const HELP = `npm start [-- --help | --build]

Builds what has changed, then serves the chat room and prints its address.

  --build   build only
  --help    print this

`

const options = process.argv.slice(2)
const unknown = options.find((option) => option !== '--help' && option !== '-h' && option !== '--build')
if (unknown !== undefined) {
  console.error(`unknown option ${unknown}: see npm start -- --help`)
  process.exit(2)
}
if (!existsSync(join(root, 'node_modules/typescript'))) {
  console.error('the dependencies are not installed: run npm ci first')
  process.exit(1)
}
const help = options.includes('--help') || options.includes('-h')
// For --help only the server is needed: it knows its environment.
if (!PARTS.filter(({ name }) => !help || name !== 'page').every(build)) process.exit(1)
if (!options.includes('--build')) {
  const server = await import('../chat/dist/server/main.js')
  if (help) process.stdout.write(HELP + server.describeEnvironment())
  else await server.main()
}
