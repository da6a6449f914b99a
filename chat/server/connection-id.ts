/** The id of a connection: the name of its node, and 8 random characters. */
import { randomBytes } from 'node:crypto'

const RANDOM_BYTES = 6
/** A dash and the random part in base64. */
const TAIL_CHARS = 9

export function newConnectionId(node: string): string {
  return `${node}-${randomBytes(RANDOM_BYTES).toString('base64url')}`
}

/** The node that made an id. */
export function nodeOf(id: string): string {
  return id.slice(0, -TAIL_CHARS)
}
