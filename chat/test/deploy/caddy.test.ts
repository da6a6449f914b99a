import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { describeBehind } from '../support/behind-proxy.ts'

/** Caddy is told to reload through a socket of its own. */
const adminOf = (folder: string): string => `unix/${join(folder, 'admin.sock')}`
const envOf = (folder: string): NodeJS.ProcessEnv => ({ ...process.env, HOME: folder, XDG_DATA_HOME: folder })

/** `stream_close_delay` is there from 2.7 on, Debian 12 has 2.6. */
function withoutNewOptions(text: string): string {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(execFileSync('caddy', ['version']).toString())!
  const isOld = Number(major) === 2 && Number(minor) < 7
  return isOld ? text.replace(/^\s*stream_close_delay .*$/m, '') : text
}

describeBehind({
  program: 'caddy',
  version: ['version'],
  config: 'Caddyfile',
  adapt: (text, { folder, port }) =>
    `{\n\tadmin ${adminOf(folder)}\n}\n${withoutNewOptions(text)
      .replace(':8080 {', `http://127.0.0.1:${port} {`)
      .replace('stream_close_delay 60s', 'stream_close_delay 2s')}`,
  start: ({ folder, file }) =>
    spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { stdio: 'ignore', env: envOf(folder) }),
  reload(_running, { folder, file }) {
    const how = ['reload', '--force', '--config', file, '--adapter', 'caddyfile', '--address', adminOf(folder)]
    execFileSync('caddy', how, { stdio: 'ignore', env: envOf(folder) })
  },
})
