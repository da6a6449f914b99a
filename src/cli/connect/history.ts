/**
 * Remembers what was typed from one session to the next, in the file the XDG base directories have for it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const MAX_LINES = 500

export class History {
  readonly #file: string | undefined

  /** `BAREWIRE_HISTORY` names another file; empty, nothing is remembered. */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    const { BAREWIRE_HISTORY: chosen, XDG_STATE_HOME: state } = env
    const fallback = join(
      state === undefined || state === '' ? join(homedir(), '.local/state') : state,
      'barewire/history',
    )
    this.#file = chosen === undefined ? fallback : chosen === '' ? undefined : chosen
  }

  /** The lines of earlier sessions, the newest first. */
  load(): string[] {
    if (this.#file === undefined) return []
    try {
      return readFileSync(this.#file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .toReversed()
        .slice(0, MAX_LINES)
    } catch {
      return [] // The first session, or a home that cannot be read: no reason to stop.
    }
  }

  /** Keep the lines, the newest first. Only their user may read them. */
  save(lines: readonly string[]): void {
    if (this.#file === undefined) return
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 })
      writeFileSync(this.#file, `${lines.slice(0, MAX_LINES).toReversed().join('\n')}\n`, { mode: 0o600 })
    } catch {
      // A home that cannot be written: the session itself went well.
    }
  }
}
