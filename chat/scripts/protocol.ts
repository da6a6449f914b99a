/**
 * `npx tsx chat/scripts/protocol.ts`: writes the message catalogue of PROTOCOL.md anew from the schemas. A test checks that it is
 * up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describeCatalogue } from '../protocol/describe.ts'

export const PROTOCOL_FILE: string = fileURLToPath(new URL('../PROTOCOL.md', import.meta.url))
const BEGIN = '<!-- catalogue: written by chat/scripts/protocol.ts -->'
const END = '<!-- end of the catalogue -->'

/** Put the catalogue of today into a text. */
export function withCatalogue(text: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`${PROTOCOL_FILE}: the marks of the catalogue are missing`)
  return `${text.slice(0, begin + BEGIN.length)}\n\n${describeCatalogue()}\n\n${text.slice(end)}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(PROTOCOL_FILE, withCatalogue(readFileSync(PROTOCOL_FILE, 'utf8')))
}
