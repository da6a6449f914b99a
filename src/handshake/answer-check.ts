/**
 * What a client checks about the subprotocol and the extensions of an answer, over every version of HTTP.
 * RFC 6455 4.1 (items 5 and 6 of its second list), 9.1, 11.3; RFC 8441 5.
 */
import type { AgreedExtension, ClientExtension, ExtensionOffer } from '../protocol/extension.ts'
import { HandshakeFailure } from './handshake-failure.ts'
import { quoted } from './header-fields.ts'
import { parseExtensionList } from './header-grammar.ts'

/** Check the Sec-WebSocket-Protocol of an answer; the empty string when none was asked for. RFC 6455 4.1, item 6. */
export function confirmProtocol(values: readonly string[], requested: readonly string[]): string | HandshakeFailure {
  // RFC 6455 11.3.4: it MUST NOT appear more than once in an HTTP response.
  if (values.length > 1)
    return new HandshakeFailure('protocol-duplicated', `${values.length} Sec-WebSocket-Protocol headers, one at most`)
  const [protocol] = values
  if (protocol === undefined) {
    if (requested.length === 0) return ''
    // WHATWG WebSockets, "establish a WebSocket connection": who asked for a subprotocol does not go on without.
    return new HandshakeFailure('protocol-missing', `no subprotocol, one of ${list(requested)} was requested`)
  }
  if (requested.includes(protocol)) return protocol
  return new HandshakeFailure(
    'protocol-unrequested',
    `subprotocol ${quoted(protocol)}, requested were ${list(requested) || 'none'}`,
  )
}

function list(names: readonly string[]): string {
  return names.map((one) => quoted(one)).join(', ')
}

/** Check the Sec-WebSocket-Extensions of an answer against what was offered. RFC 6455 4.1, item 5; 9.1. */
export function confirmExtensions(
  values: readonly string[],
  available: readonly ClientExtension[],
): AgreedExtension[] | HandshakeFailure {
  // RFC 6455 11.3.2: it MUST NOT appear more than once in an HTTP response.
  if (values.length > 1)
    return new HandshakeFailure(
      'extensions-duplicated',
      `${values.length} Sec-WebSocket-Extensions headers, one at most`,
    )
  const [value] = values
  if (value === undefined) return []
  const answer = parseExtensionList(value)
  if (answer === undefined)
    return new HandshakeFailure('extensions-malformed', `malformed Sec-WebSocket-Extensions ${quoted(value)}`)
  return confirmElements(answer, available)
}

function confirmElements(
  answer: readonly ExtensionOffer[],
  available: readonly ClientExtension[],
): AgreedExtension[] | HandshakeFailure {
  const agreed: AgreedExtension[] = []
  let claimed = 0
  for (const response of answer) {
    const name = quoted(response.name)
    const extension = available.find((one) => one.name === response.name && one.offers.length > 0)
    if (extension === undefined)
      return new HandshakeFailure('extension-unrequested', `extension ${name}, which was not offered`)
    // At most as many have been agreed as are available, so this stays linear in the length of the answer.
    if (agreed.some((one) => one.response.name === response.name))
      return new HandshakeFailure('extension-repeated', `extension ${name} twice, once at most`)
    const agreement = extension.confirm(response)
    if (typeof agreement === 'string')
      return new HandshakeFailure('extension-parameters', `extension ${name}: ${agreement}`)
    if ((agreement.rsv & claimed) !== 0)
      return new HandshakeFailure('extension-bits', `extension ${name} claims a reserved bit that is already taken`)
    claimed |= agreement.rsv
    agreed.push(agreement)
  }
  return agreed
}
