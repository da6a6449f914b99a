#!/usr/bin/env node
/**
 * Packs what npm would publish, installs it into an empty project, and uses it there: every entry is imported and
 * type-checked, the command runs, and nothing else was installed beside it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'barewire-package-'))
const { exports: entries, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const modules = Object.keys(entries)
  .filter((entry) => !entry.endsWith('.json'))
  .map((entry) => entry.replace(/^\./, 'barewire'))

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], root))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n')
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', join(folder, packed.filename)], folder)
  const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))
  if (installed.join() !== 'barewire') throw new Error(`it brings along ${installed.join(', ')}`)

  const imports = modules.map(
    (name, i) => `import * as m${i} from '${name}'\nconsole.log('${name}', Object.keys(m${i}).length)`,
  )
  writeFileSync(join(folder, 'use.mjs'), `${imports.join('\n')}\n`)
  writeFileSync(join(folder, 'use.ts'), `${imports.join('\n')}\n`)
  process.stdout.write(run(process.execPath, ['use.mjs'], folder))

  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }))
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], folder)

  const told = run(join(folder, 'node_modules/.bin/barewire'), ['--version'], folder).trim()
  if (told !== version) throw new Error(`barewire --version says ${told}, package.json ${version}`)
  console.log(`package: ${packed.files.length} files, ${Math.round(packed.size / 1024)} KiB packed, nothing beside it`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
