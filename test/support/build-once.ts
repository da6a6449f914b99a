/**
 * Runs before the tests: builds `dist/` when a source is newer, so that the command line, the chat room and the README's
 * programs are tested as users get them. `npm test` on a fresh clone needs no build step of its own.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The time of the newest file of a folder that ends so, or `undefined` when there is none. */
function newest(folder: string, ending: string): number | undefined {
  let files: string[]
  try {
    files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  } catch {
    return undefined
  }
  const times = files.filter((file) => file.endsWith(ending)).map((file) => statSync(join(root, folder, file)).mtimeMs)
  return times.length === 0 ? undefined : Math.max(...times)
}

export default function buildOnce(): void {
  const built = newest('dist', '.js')
  if (built !== undefined && built > (newest('src', '.ts') ?? 0)) return
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  })
  // The compiler writes what it can all the same; the tests that need the rest will say so.
  if (status !== 0) process.stderr.write(`the library does not compile:\n${stdout}`)
}
