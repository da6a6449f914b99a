/** What the library's sockets lend its core on Node, so that the micro benches measure the paths that really run. */
import type * as platform from '../../src/node/platform.ts'

const built = new URL('../../dist/node/platform.js', import.meta.url).href
const { nodeTextCodec, allocate, sharedSlab } = (await import(built)) as typeof platform

export const nodeCodec = { codec: nodeTextCodec, allocate, slab: sharedSlab }
