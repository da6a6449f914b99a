#!/usr/bin/env node
/** Part of `npm run lint`: imports in `src/` point only downward, and the package has no runtime dependency. */
import { readdirSync, readFileSync } from 'node:fs'
import { checkLayers } from './layers.mjs'

const root = new URL('../', import.meta.url)
const files = readdirSync(new URL('src/', root), { recursive: true })
  .map((file) => String(file).replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .toSorted()

const complaints = checkLayers(files.map((file) => [file, readFileSync(new URL(`src/${file}`, root), 'utf8')]))

const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies'])
  for (const name of Object.keys(manifest[kind] ?? {}))
    complaints.push(`package.json: ${kind} names ${name}, the library has no runtime dependency`)

for (const complaint of complaints) console.error(complaint)
if (complaints.length > 0) process.exitCode = 1
else console.log(`layers: ${files.length} files, every import points downward`)
