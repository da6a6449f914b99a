/** What a client of `chat.v1` writes and reads, without the schemas. */
import { randomBytes } from 'node:crypto'
import { encodeCid, type Reply, type ServerEvent, type ServerMessage } from '../protocol/index.ts'

/** Read a message as what it should be. */
export function trust(text: string): ServerMessage {
  const message = JSON.parse(text) as { re?: number; room?: string; seq?: number }
  if (message.re !== undefined) return { reply: message as Reply }
  return { event: { room: '', seq: 0, ...message } as ServerEvent }
}

/** 16 random bytes: a second attempt with the same ones is stored once. */
export function newCid(): string {
  return encodeCid(randomBytes(16))
}
