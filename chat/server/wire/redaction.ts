/** Takes secrets out of what the wire inspector shows, without changing any length. */

/** The JSON members of `chat.v1` that hold a secret. */
const SECRET_MEMBER = /("(?:token|session|secret)"\s*:\s*")((?:[^"\\]|\\.)*)"/g
const SECRET_HEADER = /^(authorization|cookie|proxy-authorization|set-cookie)(\s*:\s*)(.*)$/gim
const BEARER = /(bearer\.)([^\s,]+)/gi
const QUERY = /([?&](?:token|access_token)=)([^\s&]+)/gi

const stars = (text: string): string => '*'.repeat(text.length)

/** Answer the text with its secrets starred, or the same text when there are none. */
export function redactMessage(text: string): string {
  return text.replace(SECRET_MEMBER, (_all, before: string, value: string) => `${before}${stars(value)}"`)
}

/** The same for the head of a request or a response. */
export function redactHead(head: string): string {
  return head
    .replace(SECRET_HEADER, (_all, name: string, colon: string, value: string) => `${name}${colon}${stars(value)}`)
    .replace(BEARER, (_all, prefix: string, token: string) => prefix + stars(token))
    .replace(QUERY, (_all, name: string, token: string) => name + stars(token))
}
