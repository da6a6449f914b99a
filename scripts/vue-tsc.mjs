#!/usr/bin/env node
/** vue-tsc with the chat room's own TypeScript: the native compiler of the library has no API that Vue's could plug into. */
import { createRequire } from 'node:module'

const require = createRequire(new URL('../chat/package.json', import.meta.url))
require('vue-tsc').run(require.resolve('typescript/lib/tsc'))
