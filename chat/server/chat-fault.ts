/** The refusal of a request. */
import type { ChatErrorName, ErrorMore } from '../protocol/index.ts'

/** A request that cannot be done, for the reason it carries. */
export class ChatFault extends Error {
  override readonly name = 'ChatFault'
  readonly error: ChatErrorName
  readonly more: ErrorMore

  constructor(error: ChatErrorName, detail: string, afterMs?: number) {
    super(detail)
    this.error = error
    this.more = afterMs === undefined ? { detail } : { detail, afterMs }
  }
}
