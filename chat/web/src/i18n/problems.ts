/** Errors and closes of the protocol in the words of the page. */
import { ChatClose, type ChatCloseName } from '../../../protocol/close-codes.ts'
import type { Refusal } from '../client/login.ts'
import { t } from './index.ts'

/** An error of the server, or of the client itself, by its name. */
export function errorText(name: string): string {
  const words: Readonly<Record<string, string | undefined>> = t.value.errors
  return words[name] ?? t.value.other(name)
}

const nameOfClose = (code: number): ChatCloseName | undefined =>
  (Object.keys(ChatClose) as ChatCloseName[]).find((name) => ChatClose[name] === code)

/** Why a connection was closed, to somebody who chats. */
export function closeText(code: number): string {
  const name = nameOfClose(code)
  return name === undefined ? t.value.other(code) : t.value.closes[name]
}

/** What a close code means, to somebody who looks at the wire. */
export function wireCloseText(code: number): string {
  const name = nameOfClose(code)
  return name === undefined ? t.value.frame.closeMeaning(code) : `${name}: ${t.value.closes[name]}`
}

/** Who or what ended a connection. */
export function causeText(cause: string): string {
  const words: Readonly<Record<string, string | undefined>> = t.value.inspector.causes
  return words[cause] ?? cause
}

/** Why somebody was not let in. */
export function refusalText({ reason }: Refusal): string {
  const words: Readonly<Record<string, string | undefined>> = t.value.refused
  return words[reason] ?? t.value.refusedOtherwise(reason)
}
