#!/usr/bin/env node
/** `npm run typecheck`: every TypeScript project of the repository, one clear line each. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const tsc = 'node_modules/typescript/bin/tsc'
const vueTsc = 'node_modules/vue-tsc/bin/vue-tsc.js'

/** The build comes first: the chat room reads the types of `barewire` from `dist/`, as any application does. */
const projects = [
  ['library build', tsc, ['-p', 'tsconfig.build.json']],
  ['library, tests, benches', tsc, ['-p', 'tsconfig.json']],
  ['floor 1, without node types', tsc, ['-p', 'src/protocol/tsconfig.json']],
  ['chat server and tests', tsc, ['-p', 'chat/tsconfig.json', '--noEmit']],
  ['chat page', vueTsc, ['-p', 'chat/web/tsconfig.json', '--noEmit']],
]

let failed = 0
for (const [name, compiler, args] of projects) {
  if (!existsSync(`${root}${args[1]}`)) {
    console.log(`typecheck: ${name}: skipped, there is no ${args[1]}`)
    continue
  }
  const started = performance.now()
  const { status } = spawnSync(process.execPath, [compiler, ...args], { cwd: root, stdio: 'inherit' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`typecheck: ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
  if (status !== 0) failed += 1
}
if (failed > 0) {
  console.error(`typecheck: ${failed} of ${projects.length} projects failed`)
  process.exitCode = 1
}
