/**
 * Runs before the tests, after the library is built: builds the page of the chat room when one of its sources is newer, so
 * that the browser tests see it as users get it. `npm run screenshots -w chat` uses it, too.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const SOURCES = [
  'chat/web/src',
  'chat/web/study',
  'chat/web/public',
  'chat/protocol',
  'dist/protocol',
  'dist/reconnect',
]
const FILES = ['chat/web/index.html', 'chat/web/vite.config.ts']

/** The time of a file, or 0 when there is none. */
function timeOf(file: string): number {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function newestIn(folder: string): number {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return Math.max(0, ...files.map((file) => timeOf(join(folder, file))))
}

export default function buildPage(): void {
  if (timeOf('dist/protocol/index.js') === 0) return
  const built = Math.min(timeOf('chat/web/dist/index.html'), timeOf('chat/web/dist/study/index.html'))
  if (built > Math.max(...SOURCES.map(newestIn), ...FILES.map(timeOf))) return
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vite, 'build', '--config', 'chat/web/vite.config.ts', '--logLevel', 'warn'],
    { cwd: root, encoding: 'utf8' },
  )
  if (status === 0) return
  process.stderr.write(`the page does not build:\n${stdout}${stderr}`)
  // The tests of the page must not pass on one that stood here before.
  rmSync(join(root, 'chat/web/dist'), { recursive: true, force: true })
}
