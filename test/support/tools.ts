/**
 * Finds the programs that some tests drive. On a user's machine a missing one skips its tests with a clear line; in CI,
 * which installs them, it is an error: a test that silently never runs protects nobody.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** For each tool: the variable that overrides the search, the names to look for, and the package that brings it. */
const TOOLS = {
  chromium: { variable: 'CHROMIUM', names: ['chromium', 'chromium-browser', 'google-chrome'], debian: 'chromium' },
  redis: { variable: 'REDIS_SERVER', names: ['redis-server', 'valkey-server'], debian: 'redis-server' },
  nginx: { variable: 'NGINX', names: ['nginx'], debian: 'nginx' },
  python: { variable: 'PYTHON', names: ['python3'], debian: 'python3' },
} as const
export type Tool = keyof typeof TOOLS

/** Daemons live in `sbin`, which a plain user's PATH may lack. */
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin']

const announced = new Set<Tool>()

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Find a program. Use it with `describe.skipIf(findTool('chromium') === undefined)`.
 * @returns the path, or `undefined` after one line on stderr
 * @throws Error in CI, where every tool must be there
 */
export function findTool(tool: Tool): string | undefined {
  const { variable, names, debian } = TOOLS[tool]
  const chosen = process.env[variable]
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen
    throw new Error(`${variable}=${chosen} is not an executable file`)
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_FOLDERS]
  for (const name of names)
    for (const folder of folders) {
      const path = join(folder, name)
      if (folder !== '' && isExecutable(path)) return path
    }
  const advice = `${names[0]} is not on this machine (Debian: apt-get install ${debian}; or set ${variable})`
  if (isCi()) throw new Error(advice)
  if (!announced.has(tool)) process.stderr.write(`skipping tests: ${advice}\n`)
  announced.add(tool)
  return undefined
}

/** Tell whether this is a run where nothing may be skipped. */
export function isCi(): boolean {
  return process.env['CI'] !== undefined && process.env['CI'] !== '' && process.env['CI'] !== 'false'
}
