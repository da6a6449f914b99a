#!/usr/bin/env node
/** `npm run typecheck`: every TypeScript project of the repository, one clear line each. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const tsc = 'node_modules/typescript/bin/tsc'
const vueTsc = 'scripts/vue-tsc.mjs'

/** The build comes first: the chat room reads the types of `barewire` from `dist/`, as any application does. */
const projects = [
  { name: 'library build', compiler: tsc, config: 'tsconfig.build.json' },
  { name: 'library, tests, benches', compiler: tsc, config: 'tsconfig.json' },
  { name: 'floor 1, without node types', compiler: tsc, config: 'src/protocol/tsconfig.json' },
  { name: 'chat server and tests', compiler: tsc, config: 'chat/tsconfig.json' },
  { name: 'chat page', compiler: vueTsc, config: 'chat/web/tsconfig.json' },
  { name: 'chat page tests', compiler: vueTsc, config: 'chat/test/browser/tsconfig.json' },
]

let failed = 0
for (const { name, compiler, config } of projects) {
  if (!existsSync(`${root}${config}`)) {
    console.log(`typecheck: ${name}: skipped, there is no ${config}`)
    continue
  }
  const started = performance.now()
  const { status } = spawnSync(process.execPath, [compiler, '-p', config], { cwd: root, stdio: 'inherit' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`typecheck: ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
  if (status !== 0) failed += 1
}
if (failed > 0) {
  console.error(`typecheck: ${failed} of ${projects.length} projects failed`)
  process.exitCode = 1
}
