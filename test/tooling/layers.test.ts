import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { checkLayers, moduleNames } from '../../scripts/layers.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))

describe('the lint rule that guards the floors', () => {
  const forbidden: [title: string, file: string, text: string, complaint: RegExp][] = [
    [
      'floor 1 may not use a node: module',
      'protocol/mask.ts',
      "import { randomBytes } from 'node:crypto'\n",
      /^src\/protocol\/mask\.ts:1: imports node:crypto, .* no node: module at all$/,
    ],
    [
      'floor 1 may not reach up to the handshake',
      'protocol/connection.ts',
      "import { acceptKey } from '../handshake/accept-key.ts'\n",
      /imports handshake\/accept-key\.ts, src\/protocol may import nothing outside itself$/,
    ],
    [
      'floor 2 may not open sockets',
      'handshake/client-handshake.ts',
      "\nimport type { Socket } from 'node:net'\n",
      /^src\/handshake\/client-handshake\.ts:2: imports node:net, .* only node:crypto and node:zlib$/,
    ],
    [
      'an import that spans lines is seen',
      'handshake/server-handshake.ts',
      "import {\n  WebSocketServer,\n  reject,\n} from '../node/server.ts'\n",
      /^src\/handshake\/server-handshake\.ts:4: imports node\/server\.ts/,
    ],
    [
      'a re-export is an import',
      'protocol/index.ts',
      "export * from '../node/socket.ts'\n",
      /imports node\/socket\.ts, src\/protocol may import nothing/,
    ],
    [
      'a dynamic import is an import',
      'extensions/permessage-deflate.ts',
      "const net = await import('node:net')\n",
      /imports node:net/,
    ],
    [
      'an import type is an import',
      'protocol/frame-reader.ts',
      "export type S = import('../node/socket.ts').Socket\n",
      /imports node\/socket\.ts/,
    ],
    [
      'a side-effect import is an import',
      'node/socket.ts',
      "import '../ws/index.ts'\n",
      /imports ws\/index\.ts, src\/node may import/,
    ],
    [
      'topics know no sockets',
      'pubsub/topics.ts',
      "import type { Socket } from '../node/socket.ts'\n",
      /imports node\/socket\.ts, src\/pubsub may import protocol$/,
    ],
    [
      'sockets do not know the command line',
      'node/server.ts',
      "import { echo } from '../cli/echo.ts'\n",
      /imports cli\/echo\.ts/,
    ],
    [
      'the library has no runtime dependency',
      'node/server.ts',
      "import { WebSocket } from 'ws'\n",
      /imports ws, the library has no runtime dependency$/,
    ],
    ['imports name the file', 'protocol/a.ts', "import { b } from './b'\n", /relative imports name the \.ts file$/],
    ['nothing lies outside src', 'index.ts', "import m from '../package.json'\n", /lies outside src$/],
    ['a new folder has to say which floor it is', 'util/a.ts', "import './b.ts'\n", /src\/util is not a floor/],
  ]

  it.each(forbidden)('%s', (_title, file, text, complaint) => {
    const complaints = checkLayers([[file, text]])
    expect(complaints).toHaveLength(1)
    expect(complaints[0]).toMatch(complaint)
  })

  const allowed: [title: string, file: string, text: string][] = [
    ['a floor imports itself', 'protocol/connection.ts', "import { Opcode } from './opcode.ts'\n"],
    ['a floor imports the one below', 'handshake/server-handshake.ts', "import { a } from '../protocol/utf8.ts'\n"],
    ['floor 2 hashes and inflates', 'extensions/permessage-deflate.ts', "import { inflateRawSync } from 'node:zlib'\n"],
    ['floor 3 opens sockets', 'node/server.ts', "import { createServer } from 'node:http'\n"],
    ['examples in comments count for nothing', 'protocol/index.ts', "/**\n * import { x } from 'express'\n */\n"],
  ]

  it.each(allowed)('%s', (_title, file, text) => {
    expect(checkLayers([[file, text]])).toEqual([])
  })

  it('finds the line of each module', () => {
    const text = "import a from 'a'\n\n// import b from 'b'\nexport { c } from './c.ts'\n"
    expect(moduleNames(text)).toEqual([
      { name: 'a', line: 1 },
      { name: './c.ts', line: 4 },
    ])
  })
})

describe('the compiler that guards floor 1', () => {
  const scratch = join(root, '.cache')
  mkdirSync(scratch, { recursive: true })
  const folder = mkdtempSync(join(scratch, 'floor-1-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Compile one file with the settings of floor 1, `types: []` among them. */
  function compile(source: string): { status: number | null; stdout: string } {
    writeFileSync(join(folder, 'probe.ts'), source)
    const config = { extends: '../../src/protocol/tsconfig.json', include: ['probe.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    return { status, stdout }
  }

  it('accepts plain code', () => {
    expect(compile('export const length: number = new Uint8Array(4).length\n')).toEqual({ status: 0, stdout: '' })
  })

  it.each([
    [
      'a node: import',
      "import { createServer } from 'node:net'\nexport const make: unknown = createServer\n",
      'node:net',
    ],
    ['Buffer', 'export const bytes: unknown = Buffer.alloc(4)\n', 'Buffer'],
    ['a timer', 'setTimeout(() => undefined, 1)\nexport const x: number = 1\n', 'setTimeout'],
    ['the process', 'export const now: unknown = process.hrtime\n', 'process'],
    ['the page', 'export const page: unknown = document.title\n', 'document'],
  ])('refuses %s', (_title, source, name) => {
    const { status, stdout } = compile(source)
    expect(status).not.toBe(0)
    expect(stdout).toContain(name)
  })
})
