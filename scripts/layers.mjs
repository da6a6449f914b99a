/**
 * The floors of the house as data, and the check that imports point only downward. `docs/architecture.md` draws the
 * same picture; `scripts/check-layers.mjs` runs this over the tree, `test/tooling/layers.test.ts` over bad examples.
 */

/**
 * One row for each folder of `src/`.
 * `imports`: the other folders it may reach, or single files where only one face of a folder is public to it.
 * `node`: the `node:` modules it may use; `true` for any.
 */
export const LAYERS = {
  protocol: { floor: 1, imports: [], node: [] },
  handshake: { floor: 2, imports: ['protocol'], node: ['node:crypto', 'node:zlib'] },
  extensions: { floor: 2, imports: ['protocol', 'handshake'], node: ['node:crypto', 'node:zlib'] },
  pubsub: { floor: 2, imports: ['protocol'], node: [] },
  node: { floor: 3, imports: ['protocol', 'handshake', 'extensions', 'pubsub'], node: true },
  reconnect: { floor: 4, imports: ['node/websocket.ts', 'node/client-options.ts'], node: [] },
  ws: { floor: 4, imports: ['protocol', 'handshake', 'extensions', 'node'], node: true },
  cli: { floor: 5, imports: ['protocol', 'handshake', 'extensions', 'node', 'pubsub', 'index.ts'], node: true },
}

/** `src/index.ts` may export from every floor below the command line and the drop-in for `ws`. */
const INDEX_IMPORTS = ['protocol', 'handshake', 'extensions', 'node', 'pubsub']

/** Matches the module name of a static import or export, a dynamic import, and an import type. */
const MODULE_NAMES = [
  /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm,
  /\bimport\s*\(\s*(['"])([^'"\n]+)\1/g,
  /\brequire\s*\(\s*(['"])([^'"\n]+)\1/g,
]

/** Blank out comments, so that an `@example` in a docstring counts for nothing; lines keep their numbers. */
function withoutComments(text) {
  const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return text.replace(token, (match) => (match.startsWith('/') ? match.replace(/[^\n]/g, ' ') : match))
}

/** Every module a source text names, with the line it stands on. */
export function moduleNames(text) {
  const code = withoutComments(text)
  return MODULE_NAMES.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => {
      const end = (match.index ?? 0) + match[0].length
      return { name: match[2], line: code.slice(0, end).split('\n').length }
    }),
  )
}

/** Resolve `../node/socket.ts`, seen from `pubsub/topics.ts`, to `node/socket.ts`. Paths are relative to `src/`. */
function resolve(from, name) {
  const parts = from.split('/').slice(0, -1)
  for (const part of name.split('/')) {
    if (part === '..') {
      if (parts.length === 0) return undefined
      parts.pop()
    } else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** Say what is wrong with one import, or nothing. */
function judge(file, name) {
  const folder = file.includes('/') ? file.slice(0, file.indexOf('/')) : undefined
  const layer = folder === undefined ? { imports: INDEX_IMPORTS, node: [] } : LAYERS[folder]
  if (layer === undefined) return `src/${folder} is not a floor of the house; add it to scripts/layers.mjs`
  if (name.startsWith('node:')) {
    if (layer.node === true || layer.node.includes(name)) return undefined
    const allowed = layer.node.length === 0 ? 'no node: module at all' : `only ${layer.node.join(' and ')}`
    return `imports ${name}, ${folder === undefined ? 'src/index.ts' : `src/${folder}`} may use ${allowed}`
  }
  if (!name.startsWith('.')) return `imports ${name}, the library has no runtime dependency`
  const target = resolve(file, name)
  if (target === undefined) return `imports ${name}, which lies outside src`
  if (!target.endsWith('.ts')) return `imports ${name}, relative imports name the .ts file`
  if (folder !== undefined && target.startsWith(`${folder}/`)) return undefined
  if (layer.imports.some((allowed) => target === allowed || target.startsWith(`${allowed}/`))) return undefined
  const allowed = layer.imports.length === 0 ? 'nothing outside itself' : layer.imports.join(', ')
  return `imports ${target}, ${folder === undefined ? 'src/index.ts' : `src/${folder}`} may import ${allowed}`
}

/**
 * Check sources against the floors.
 * @param {Iterable<readonly [file: string, text: string]>} sources paths relative to `src/`, with `/`
 * @returns {string[]} one line for each forbidden import: `src/file:line: what is wrong`
 */
export function checkLayers(sources) {
  const complaints = []
  for (const [file, text] of sources)
    for (const { name, line } of moduleNames(text)) {
      const complaint = judge(file, name)
      if (complaint !== undefined) complaints.push(`src/${file}:${line}: ${complaint}`)
    }
  return complaints
}
