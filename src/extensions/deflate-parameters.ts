/**
 * The negotiation of permessage-deflate: what a client offers, what a server agrees to, what a client accepts as the
 * answer. Pure functions over parameter lists; RFC 7692 sections 5.1 and 7.1.
 */
import type { ExtensionOffer, ExtensionParameter } from '../protocol/extension.ts'
import {
  DEFAULT_CLIENT_WINDOW_BITS,
  MAX_WINDOW_BITS,
  MIN_DEFLATE_WINDOW_BITS,
  type DeflateSettings,
} from './deflate-options.ts'

/** The extension's token. RFC 7692 section 7. */
export const PERMESSAGE_DEFLATE = 'permessage-deflate'

// RFC 7692 7.1: the four parameters.
const SERVER_NO_CONTEXT_TAKEOVER = 'server_no_context_takeover'
const CLIENT_NO_CONTEXT_TAKEOVER = 'client_no_context_takeover'
const SERVER_MAX_WINDOW_BITS = 'server_max_window_bits'
const CLIENT_MAX_WINDOW_BITS = 'client_max_window_bits'

/** The parameters of one list element; windows are `undefined` when absent, `true` when given without a value. */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number | undefined
  readonly clientMaxWindowBits: number | true | undefined
}

/** What both sides hold to once the handshake is done. */
export interface DeflateAgreement {
  readonly response: ExtensionOffer
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  /** The server's LZ77 window, 8 to 15. */
  readonly serverMaxWindowBits: number
  /** The client's LZ77 window, 8 to 15. */
  readonly clientMaxWindowBits: number
}

// RFC 7692 7.1.2: a decimal integer from 8 to 15 without leading zeroes.
const WINDOW_BITS = /^(?:[89]|1[0-5])$/

/**
 * Read the parameters of an offer or of a response; a string says what is wrong with them. Section 7.1 has an offer with
 * any such fault declined and a response with one fail the connection.
 */
export function parseDeflateParameters(
  parameters: readonly ExtensionParameter[],
  kind: 'offer' | 'response',
): DeflateParameters | string {
  const seen = new Map<string, string | true>()
  for (const [name, value] of parameters) {
    // RFC 7692 7.1: more than one parameter of a name makes the element invalid.
    if (seen.has(name)) return `parameter ${shown(name)} came twice, at most once is allowed`
    seen.set(name, value)
    const fault = parameterFault(name, value, kind)
    if (fault !== undefined) return fault
  }
  const serverBits = seen.get(SERVER_MAX_WINDOW_BITS)
  const clientBits = seen.get(CLIENT_MAX_WINDOW_BITS)
  return {
    serverNoContextTakeover: seen.has(SERVER_NO_CONTEXT_TAKEOVER),
    clientNoContextTakeover: seen.has(CLIENT_NO_CONTEXT_TAKEOVER),
    serverMaxWindowBits: serverBits === undefined ? undefined : Number(serverBits),
    clientMaxWindowBits: clientBits === undefined || clientBits === true ? clientBits : Number(clientBits),
  }
}

function parameterFault(name: string, value: string | true, kind: 'offer' | 'response'): string | undefined {
  switch (name) {
    case SERVER_NO_CONTEXT_TAKEOVER:
    case CLIENT_NO_CONTEXT_TAKEOVER:
      // RFC 7692 7.1.1: these have no value.
      return value === true ? undefined : `parameter ${name} has the value ${shown(value)}, none is allowed`
    case SERVER_MAX_WINDOW_BITS:
      return windowBitsFault(name, value)
    case CLIENT_MAX_WINDOW_BITS:
      // RFC 7692 7.1.2.2: only in an offer may the value be left out.
      return value === true && kind === 'offer' ? undefined : windowBitsFault(name, value)
    default:
      return `parameter ${shown(name)} is unknown to ${PERMESSAGE_DEFLATE}`
  }
}

function windowBitsFault(name: string, value: string | true): string | undefined {
  if (value !== true && WINDOW_BITS.test(value)) return undefined
  const seen = value === true ? 'no value' : `the value ${shown(value)}`
  return `parameter ${name} has ${seen}, an integer from 8 to 15 was required`
}

/** What a peer wrote, made safe and short for a message. */
function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

/** The server's answer to one offer, or `undefined` to decline it and look at the next. RFC 7692 5.1 and 7.1. */
export function agreeToOffer(offer: ExtensionOffer, settings: DeflateSettings): DeflateAgreement | undefined {
  const offered = parseDeflateParameters(offer.parameters, 'offer')
  if (typeof offered === 'string') return undefined

  // RFC 7692 7.1.2.1: the server takes the offered window or a smaller one, and may limit itself without being asked.
  const serverMaxWindowBits = smaller(offered.serverMaxWindowBits, settings.serverMaxWindowBits)
  if (serverMaxWindowBits !== undefined && serverMaxWindowBits < MIN_DEFLATE_WINDOW_BITS) return undefined

  // RFC 7692 7.1.2.2: without client_max_window_bits in the offer it MUST NOT stand in the answer, so a limit that
  // was set cannot be kept.
  const clientLimit = limitOf(settings.clientMaxWindowBits)
  const isLimitable = offered.clientMaxWindowBits !== undefined
  if (!isLimitable && clientLimit !== undefined && clientLimit < MAX_WINDOW_BITS) return undefined
  const clientHint = typeof offered.clientMaxWindowBits === 'number' ? offered.clientMaxWindowBits : MAX_WINDOW_BITS
  const clientNoContextTakeover = offered.clientNoContextTakeover || settings.clientNoContextTakeover
  // Unless the option says otherwise, who takes context over is asked for 12 bits: its window is what we keep of it.
  const clientMost = clientLimit ?? (clientNoContextTakeover ? MAX_WINDOW_BITS : DEFAULT_CLIENT_WINDOW_BITS)
  const clientBits = Math.min(clientHint, clientMost)

  return agreement({
    serverNoContextTakeover: offered.serverNoContextTakeover || settings.serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits,
    // The full window needs no word.
    clientMaxWindowBits: isLimitable && clientBits < MAX_WINDOW_BITS ? clientBits : undefined,
  })
}

/** What a server's option limits the client to; `undefined`: nobody has decided, and nobody is declined for it. */
function limitOf(option: number | boolean | undefined): number | undefined {
  return typeof option === 'boolean' ? MAX_WINDOW_BITS : option
}

function agreement(answer: DeflateParameters & { clientMaxWindowBits: number | undefined }): DeflateAgreement {
  return {
    response: { name: PERMESSAGE_DEFLATE, parameters: parameterList(answer) },
    serverNoContextTakeover: answer.serverNoContextTakeover,
    clientNoContextTakeover: answer.clientNoContextTakeover,
    serverMaxWindowBits: answer.serverMaxWindowBits ?? MAX_WINDOW_BITS,
    clientMaxWindowBits: answer.clientMaxWindowBits ?? MAX_WINDOW_BITS,
  }
}

/** The one element a client puts into its request. RFC 7692 7.1. */
export function deflateOffer(settings: DeflateSettings): ExtensionOffer {
  // Letting the server choose our window costs nothing, so it is offered unless it was refused.
  const clientMaxWindowBits = settings.clientMaxWindowBits ?? true
  return {
    name: PERMESSAGE_DEFLATE,
    parameters: parameterList({
      serverNoContextTakeover: settings.serverNoContextTakeover,
      clientNoContextTakeover: settings.clientNoContextTakeover,
      serverMaxWindowBits: settings.serverMaxWindowBits,
      clientMaxWindowBits: clientMaxWindowBits === false ? undefined : clientMaxWindowBits,
    }),
  }
}

/** Check the server's answer to `deflateOffer(settings)`; a string says why the handshake fails. RFC 7692 5.1 and 7.1. */
export function confirmResponse(response: ExtensionOffer, settings: DeflateSettings): DeflateAgreement | string {
  const answered = parseDeflateParameters(response.parameters, 'response')
  if (typeof answered === 'string') return answered

  // RFC 7692 7.1.1.1: a server accepts server_no_context_takeover by repeating it; it may also add it by itself.
  if (settings.serverNoContextTakeover && !answered.serverNoContextTakeover) {
    return `${SERVER_NO_CONTEXT_TAKEOVER} was offered and is missing in the answer`
  }

  // RFC 7692 7.1.2.1: the same or a smaller value accepts server_max_window_bits; it too may come unasked.
  const serverLimit = settings.serverMaxWindowBits
  if (serverLimit !== undefined && (answered.serverMaxWindowBits ?? Infinity) > serverLimit) {
    return `${SERVER_MAX_WINDOW_BITS}=${serverLimit} was offered, the answer has ${answered.serverMaxWindowBits ?? 'none'}`
  }

  // RFC 7692 7.1.2.2: client_max_window_bits MUST NOT come unasked, nor be larger than what was offered.
  const answeredBits = typeof answered.clientMaxWindowBits === 'number' ? answered.clientMaxWindowBits : undefined
  if (answeredBits !== undefined && settings.clientMaxWindowBits === false) {
    return `${CLIENT_MAX_WINDOW_BITS} was not offered and stands in the answer`
  }
  const clientLimit = typeof settings.clientMaxWindowBits === 'number' ? settings.clientMaxWindowBits : undefined
  if (answeredBits !== undefined && clientLimit !== undefined && answeredBits > clientLimit) {
    return `${CLIENT_MAX_WINDOW_BITS}=${clientLimit} was offered, the answer has ${answeredBits}`
  }

  return {
    response,
    serverNoContextTakeover: answered.serverNoContextTakeover,
    // RFC 7692 7.1.1.2 and 7.1.2.2: what a client offered about itself it keeps, answered or not.
    clientNoContextTakeover: answered.clientNoContextTakeover || settings.clientNoContextTakeover,
    serverMaxWindowBits: answered.serverMaxWindowBits ?? MAX_WINDOW_BITS,
    clientMaxWindowBits: smaller(answeredBits, clientLimit) ?? MAX_WINDOW_BITS,
  }
}

function parameterList(parameters: DeflateParameters): ExtensionParameter[] {
  const list: ExtensionParameter[] = []
  if (parameters.serverNoContextTakeover) list.push([SERVER_NO_CONTEXT_TAKEOVER, true])
  if (parameters.clientNoContextTakeover) list.push([CLIENT_NO_CONTEXT_TAKEOVER, true])
  if (parameters.serverMaxWindowBits !== undefined) {
    list.push([SERVER_MAX_WINDOW_BITS, String(parameters.serverMaxWindowBits)])
  }
  const clientBits = parameters.clientMaxWindowBits
  if (clientBits !== undefined) list.push([CLIENT_MAX_WINDOW_BITS, clientBits === true ? true : String(clientBits)])
  return list
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}
