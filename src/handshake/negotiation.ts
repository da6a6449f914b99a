/**
 * What a server agrees to: the extensions among those offered, and the subprotocol its application has chosen.
 * RFC 6455 4.2.2 (items 5.5 and 5.6), 9.1.
 */
import type { AgreedExtension, ExtensionOffer, ServerExtension } from '../protocol/extension.ts'
import { quoted } from './header-fields.ts'
import { formatExtensionList } from './header-grammar.ts'

/** What a server agreed to, and the Sec-WebSocket-Extensions value that says so (`undefined`: no such header). */
export interface ExtensionAnswer {
  readonly agreed: AgreedExtension[]
  readonly header: string | undefined
}

const NOTHING_AGREED: ExtensionAnswer = { agreed: [], header: undefined }

/**
 * Choose among a client's offers, which come the most wanted first. RFC 6455 9.1: what is unknown, unacceptable, or would
 * claim a reserved bit a second time is declined by not naming it.
 */
export function negotiateExtensions(
  offers: readonly ExtensionOffer[],
  available: readonly ServerExtension[],
): ExtensionAnswer {
  if (offers.length === 0 || available.length === 0) return NOTHING_AGREED
  const remaining = [...available]
  const agreed: AgreedExtension[] = []
  let claimed = 0
  for (const offer of offers) {
    if (remaining.length === 0) break
    const at = remaining.findIndex((extension) => extension.name === offer.name)
    if (at === -1) continue
    const agreement = (remaining[at] as ServerExtension).accept(offer)
    if (agreement === undefined || (agreement.rsv & claimed) !== 0) continue
    claimed |= agreement.rsv
    agreed.push(agreement)
    remaining.splice(at, 1)
  }
  if (agreed.length === 0) return NOTHING_AGREED
  return { agreed, header: formatExtensionList(agreed.map(({ response }) => response)) }
}

/**
 * Check what an application chose among the offered subprotocols: `undefined`, `null`, `false` and `''` choose none.
 * RFC 6455 4.2.2, item 5.5: a value derived from the client's handshake.
 * @throws TypeError for anything else that was not offered, line ends smuggled into it included.
 */
export function selectProtocol(offered: readonly string[], chosen: unknown): string | undefined {
  if (chosen === undefined || chosen === null || chosen === false || chosen === '') return undefined
  if (typeof chosen !== 'string')
    throw new TypeError(`subprotocol of type ${typeof chosen}, one of the offered names or undefined is required`)
  // What was offered has passed the grammar; nothing else reaches the answer.
  if (!offered.includes(chosen))
    throw new TypeError(
      `subprotocol ${quoted(chosen)} was not offered (offered: ${offered.map(quoted).join(', ') || 'none'})`,
    )
  return chosen
}
