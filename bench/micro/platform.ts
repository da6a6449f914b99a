/** What the library's sockets lend its core on Node, so that the micro benches measure the paths that really run. */
import { distUrl } from '../dist.ts'
import type * as platform from '../../src/node/platform.ts'

const built = distUrl('node/platform.js')
const { nodeTextCodec, allocate, sharedSlab } = (await import(built)) as typeof platform

export const nodeCodec = { codec: nodeTextCodec, allocate, slab: sharedSlab }
