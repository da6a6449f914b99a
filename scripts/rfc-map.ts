/** Writes docs/rfc-map.md: `node --import tsx scripts/rfc-map.ts`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Violations } from '../src/protocol/violation.ts'
import { exceptions, requirements, type Requirement } from './rfc-requirements.ts'

function link(path: string): string {
  const [file = '', name] = path.split('#')
  const short = file.replace(/^(?:src|test)\//, '')
  return `[${name === undefined ? short : `${short} ${name}`}](../${file})`
}

function row({ section, level, text, code = '', test = '' }: Requirement): string {
  return `| ${section} | ${level} | ${text} | ${link(code)} | ${link(test)} |`
}

function table(rfc: number): string {
  const rows = requirements.filter((one) => one.rfc === rfc).map(row)
  return `| section | | what is required | held in | shown by |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`
}

/** The document. */
export function drawMap(): string {
  const violations = Object.values(Violations).map(
    ({ id, section, closeCode, rule }) => `| \`${id}\` | ${section} | ${closeCode} | ${rule} |`,
  )
  return `# Where each rule is held

Every MUST and SHOULD of RFC 6455, RFC 7692 and RFC 8441 that binds an endpoint, in our words, with the code that holds it and the tests
that show it. Written by \`npm run docs\` from [scripts/rfc-requirements.ts](../scripts/rfc-requirements.ts); a test checks that
every file and name is there.

## RFC 6455

${table(6455)}

## RFC 7692

${table(7692)}

## RFC 8441

${table(8441)}

## Held in another way, or by somebody else

| RFC | section | | what is required | why |
| --- | --- | --- | --- | --- |
${exceptions.map((one) => `| ${one.rfc} | ${one.section} | ${one.level} | ${one.text} | ${one.exception} |`).join('\n')}

## What a peer can break, and what answers it

From the catalogue in [violation.ts](../src/protocol/violation.ts).

| id | section | close | rule |
| --- | --- | --- | --- |
${violations.join('\n')}
`
}

const file = fileURLToPath(new URL('../docs/rfc-map.md', import.meta.url))
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, drawMap())
