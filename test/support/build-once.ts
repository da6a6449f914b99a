/**
 * Runs before the tests: builds `dist/` when a source is newer, so that the command line, the chat room and the README's
 * programs are tested as users get them. `npm test` on a fresh clone needs no build step of its own.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The files of a folder, as paths inside it. */
function filesOf(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1))
  } catch {
    return []
  }
}

function newest(folder: string, ending: string): number | undefined {
  const times = filesOf(folder).filter((file) => file.endsWith(ending))
  return times.length === 0 ? undefined : Math.max(...times.map((file) => statSync(join(root, folder, file)).mtimeMs))
}

/** Put a file in its place at once: who starts a program from `dist/` meanwhile never reads half of one. */
function place(from: string, to: string): void {
  try {
    if (readFileSync(from).equals(readFileSync(to))) return
  } catch {
    mkdirSync(dirname(to), { recursive: true })
  }
  renameSync(from, to)
}

export default function buildOnce(): void {
  const built = newest('dist', '.js')
  if (built !== undefined && built > (newest('src', '.ts') ?? 0)) return
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  // Beside dist/, so that the source maps fit.
  const staging = `.dist-${process.pid}`
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', staging], {
    cwd: root,
    encoding: 'utf8',
  })
  // The compiler writes what it can all the same; the tests that need the rest will say so.
  if (status !== 0) process.stderr.write(`the library does not compile:\n${stdout}`)
  for (const file of filesOf(staging)) place(join(root, staging, file), join(root, 'dist', file))
  rmSync(join(root, staging), { recursive: true, force: true })
  const now = new Date()
  utimesSync(join(root, 'dist/index.js'), now, now)
}
