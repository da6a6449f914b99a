#!/usr/bin/env node
/**
 * Writes docs/api.md from the docstrings: `npm run docs`. It reads the declarations that `npm run build` wrote, so it shows
 * what an editor shows.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

const ENTRIES = [
  { module: 'barewire', file: 'dist/index.d.ts' },
  { module: 'barewire/reconnect', file: 'dist/reconnect/index.d.ts' },
]

/** What a file declares itself, and `export { a, type B } from './x.js'`: each name, and where it is declared. */
function exportsOf(file) {
  const text = readFileSync(join(root, file), 'utf8')
  const own = [...text.matchAll(/^export (?:declare )?(?:class|interface|type|const|function) (\w+)/gm)]
  return [...own.map(([, name]) => ({ name, file })), ...passedOnBy(text, file)]
}

function passedOnBy(text, file) {
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)].flatMap(([, names, from]) =>
    names
      .split(',')
      .map((name) => name.replace(/^\s*type\s+/, '').trim())
      .filter((name) => name !== '')
      .map((name) => ({ name, file: join(dirname(file), from.replace(/\.[jt]s$/, '.d.ts')) })),
  )
}

/** Where a declaration begins: at the start of a line. */
function declarationPattern(name) {
  return new RegExp(
    String.raw`^(?:export )?(?:declare )?(?:abstract )?(class|interface|type|const|function|let) ${name}\b`,
    'gm',
  )
}

/** The docstring that stands right before `index`. */
function docBefore(text, index) {
  const before = text.slice(0, index).trimEnd()
  if (!before.endsWith('*/')) return ''
  const block = before.slice(before.lastIndexOf('/**') + 3, -2)
  return block
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
}

/** A declaration from `index` to its end: the closing brace at the start of a line, or the end of the line. */
function declarationAt(text, index) {
  const line = text.slice(index, text.indexOf('\n', index))
  if (!line.trimEnd().endsWith('{')) {
    const end = text.slice(index).search(/;\n(?!\s)|;?$(?![\s\S])|;\n/)
    return text.slice(index, end === -1 ? undefined : index + end)
  }
  return text.slice(index, text.indexOf('\n}', index) + 2)
}

function tidy(declaration) {
  return declaration
    .replace(/^export /, '')
    .replace(/^declare /, '')
    .replaceAll(/^ *#private;\n/gm, '')
    .replaceAll(/;$/gm, '')
    .replaceAll(/^( {4})+/gm, (indent) => ' '.repeat(indent.length / 2))
    .trimEnd()
}

/** Prose from a docstring: its tags become sentences of their own. */
function prose(doc) {
  const [text = '', ...tags] = doc.split(/^@/m)
  const examples = tags.filter((tag) => tag.startsWith('example')).map((tag) => tag.slice('example'.length).trim())
  const others = tags.filter((tag) => !tag.startsWith('example')).map((tag) => `- \`@${tag.trim().replace(' ', '` ')}`)
  const code = examples.map((example) => `\`\`\`typescript\n${example}\n\`\`\``)
  return [text.trim(), others.join('\n'), ...code].filter((part) => part !== '').join('\n\n')
}

function section({ name, file }) {
  const text = readFileSync(join(root, file), 'utf8')
  const matches = [...text.matchAll(declarationPattern(name))]
  if (matches.length === 0) {
    const passedOn = exportsOf(file).find((other) => other.name === name)
    if (passedOn === undefined) throw new Error(`${name} is not declared in ${file}`)
    return section(passedOn)
  }
  const doc = matches.map((match) => docBefore(text, match.index)).find((found) => found !== '') ?? ''
  const code = matches.map((match) => tidy(declarationAt(text, match.index))).join('\n')
  return [`## ${name}`, prose(doc), `\`\`\`typescript\n${code}\n\`\`\``].filter((part) => part !== '').join('\n\n')
}

const parts = ENTRIES.map(({ module, file }) => {
  const names = exportsOf(file)
  const sorted = names.toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
  return `# \`import … from '${module}'\`\n\nWritten from the docstrings by \`npm run docs\`.\n\n${sorted.map(section).join('\n\n')}\n`
})
writeFileSync(join(root, 'docs/api.md'), parts.join('\n'))
console.log(`docs/api.md: ${parts.join('').split('\n## ').length - 1} names`)
