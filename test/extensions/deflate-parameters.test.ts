import { describe, expect, it } from 'vitest'
import {
  permessageDeflateClient,
  permessageDeflateServer,
  type PerMessageDeflateOptions,
} from '../../src/extensions/permessage-deflate.ts'
import type { ExtensionOffer, ExtensionParameter } from '../../src/protocol/extension.ts'

/** `a; b=1` as a list element; enough of the grammar for a table. */
function element(source: string): ExtensionOffer {
  const parameters = source.split(';').map((part): ExtensionParameter => {
    const [name, value] = part.trim().split('=')
    return [name!, value ?? true]
  })
  return { name: 'permessage-deflate', parameters: source === '' ? [] : parameters }
}

function text(offer: ExtensionOffer): string {
  return offer.parameters.map(([name, value]) => (value === true ? name : `${name}=${value}`)).join('; ')
}

function answer(options: PerMessageDeflateOptions, offer: string): string | undefined {
  const agreed = permessageDeflateServer(options).accept(element(offer))
  return agreed && text(agreed.response)
}

describe('a server answers an offer (RFC 7692 7.1)', () => {
  it.each<[title: string, options: PerMessageDeflateOptions, offer: string, expected: string | undefined]>([
    // 7.1.1: context takeover
    ['nothing asked, nothing said', {}, '', ''],
    ['7.1.1.1: repeats server_no_context_takeover', {}, 'server_no_context_takeover', 'server_no_context_takeover'],
    ['7.1.1.1: may add it', { serverNoContextTakeover: true }, '', 'server_no_context_takeover'],
    [
      '7.1.1.1: is asked and wants it',
      { serverNoContextTakeover: true },
      'server_no_context_takeover',
      'server_no_context_takeover',
    ],
    [
      '7.1.1.1: an explicit false is no refusal',
      { serverNoContextTakeover: false },
      'server_no_context_takeover',
      'server_no_context_takeover',
    ],
    [
      '7.1.1.2: takes the hint client_no_context_takeover',
      {},
      'client_no_context_takeover',
      'client_no_context_takeover',
    ],
    ['7.1.1.2: may add it', { clientNoContextTakeover: true }, '', 'client_no_context_takeover'],
    // 7.1.2.1: server_max_window_bits
    ['takes the offered window', {}, 'server_max_window_bits=10', 'server_max_window_bits=10'],
    ['takes the largest', {}, 'server_max_window_bits=15', 'server_max_window_bits=15'],
    ['takes the smallest zlib can', {}, 'server_max_window_bits=9', 'server_max_window_bits=9'],
    ['declines 8: zlib would use 9', {}, 'server_max_window_bits=8', undefined],
    ['declines 8 with a wish of its own', { serverMaxWindowBits: 12 }, 'server_max_window_bits=8', undefined],
    [
      'takes its own when smaller',
      { serverMaxWindowBits: 11 },
      'server_max_window_bits=13',
      'server_max_window_bits=11',
    ],
    [
      'takes the offered when smaller',
      { serverMaxWindowBits: 13 },
      'server_max_window_bits=11',
      'server_max_window_bits=11',
    ],
    ['may limit itself unasked', { serverMaxWindowBits: 11 }, '', 'server_max_window_bits=11'],
    // 7.1.2.2: client_max_window_bits
    ['asks for 4 KiB of whoever lets itself be limited', {}, 'client_max_window_bits', 'client_max_window_bits=12'],
    ['asks for 4 KiB instead of a larger hint', {}, 'client_max_window_bits=14', 'client_max_window_bits=12'],
    ['asks nothing of who cannot be limited', {}, '', ''],
    [
      'asks nothing of who takes no context over',
      { clientNoContextTakeover: true },
      'client_max_window_bits',
      'client_no_context_takeover',
    ],
    ['declines nobody for the full window', { clientMaxWindowBits: 15 }, '', ''],
    ['leaves an open offer open with 15', { clientMaxWindowBits: 15 }, 'client_max_window_bits', ''],
    ['takes the hint', {}, 'client_max_window_bits=10', 'client_max_window_bits=10'],
    ['takes a hint of 8: it only inflates', {}, 'client_max_window_bits=8', 'client_max_window_bits=8'],
    ['limits an open offer', { clientMaxWindowBits: 11 }, 'client_max_window_bits', 'client_max_window_bits=11'],
    ['limits an open offer to 8', { clientMaxWindowBits: 8 }, 'client_max_window_bits', 'client_max_window_bits=8'],
    ['limits a larger hint', { clientMaxWindowBits: 11 }, 'client_max_window_bits=13', 'client_max_window_bits=11'],
    ['keeps a smaller hint', { clientMaxWindowBits: 13 }, 'client_max_window_bits=11', 'client_max_window_bits=11'],
    ['declines who cannot be limited', { clientMaxWindowBits: 11 }, '', undefined],
    ['has no limit with true', { clientMaxWindowBits: true }, 'client_max_window_bits', ''],
    // 7.1: what an offer must not have
    ['declines a duplicate', {}, 'client_max_window_bits; client_max_window_bits', undefined],
    ['declines a duplicate flag', {}, 'server_no_context_takeover; server_no_context_takeover', undefined],
    ['declines an unknown name', {}, 'foo', undefined],
    ['declines a name of an object', {}, 'constructor', undefined],
    ['declines __proto__', {}, '__proto__=1', undefined],
    ['declines a flag with a value', {}, 'server_no_context_takeover=1', undefined],
    ['declines the other flag with a value', {}, 'client_no_context_takeover=true', undefined],
    ['declines server_max_window_bits without a value', {}, 'server_max_window_bits', undefined],
    ['declines 7', {}, 'client_max_window_bits=7', undefined],
    ['declines 16', {}, 'server_max_window_bits=16', undefined],
    ['declines a leading zero', {}, 'client_max_window_bits=08', undefined],
    ['declines a leading zero before two digits', {}, 'client_max_window_bits=010', undefined],
    ['declines a sign', {}, 'client_max_window_bits=+9', undefined],
    ['declines a fraction', {}, 'client_max_window_bits=9.0', undefined],
    ['declines hexadecimal', {}, 'client_max_window_bits=0x9', undefined],
    ['declines two numbers', {}, 'client_max_window_bits=9 9', undefined],
    ['declines an empty value', {}, 'client_max_window_bits=', undefined],
    [
      'answers all four',
      {},
      'client_max_window_bits=10; server_max_window_bits=12; client_no_context_takeover; server_no_context_takeover',
      'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=10',
    ],
  ])('%s', (_title, options, offer, expected) => {
    expect(answer(options, offer)).toBe(expected)
  })

  it('the caller falls back from an offer that is declined to the next (RFC 7692 5.1)', () => {
    const server = permessageDeflateServer()
    const offers = ['server_max_window_bits=8', 'server_max_window_bits=99', 'server_max_window_bits=10'].map(element)
    const answers = offers.map((offer) => server.accept(offer))
    expect(answers.map((agreed) => agreed && text(agreed.response))).toEqual([
      undefined,
      undefined,
      'server_max_window_bits=10',
    ])
  })

  it('claims RSV1 and bears the registered name (RFC 7692 6 and 7)', () => {
    const agreed = permessageDeflateServer().accept(element(''))!
    expect(agreed.rsv).toBe(0x40)
    expect(agreed.response.name).toBe('permessage-deflate')
    expect(agreed.create().rsv).toBe(0x40)
  })
})

describe('a client offers (RFC 7692 7.1)', () => {
  it.each<[title: string, options: PerMessageDeflateOptions, expected: string]>([
    ['its own window to be chosen', {}, 'client_max_window_bits'],
    ['the same with true', { clientMaxWindowBits: true }, 'client_max_window_bits'],
    ['nothing with false', { clientMaxWindowBits: false }, ''],
    ['a window of its own', { clientMaxWindowBits: 10 }, 'client_max_window_bits=10'],
    ['a window for the server', { serverMaxWindowBits: 8 }, 'server_max_window_bits=8; client_max_window_bits'],
    [
      'to forget on both sides',
      { serverNoContextTakeover: true, clientNoContextTakeover: true, clientMaxWindowBits: false },
      'server_no_context_takeover; client_no_context_takeover',
    ],
  ])('%s', (_title, options, expected) => {
    const { offers } = permessageDeflateClient(options)
    expect(offers.map(text)).toEqual([expected])
  })
})

describe('a client checks the answer (RFC 7692 7.1)', () => {
  it.each<[title: string, options: PerMessageDeflateOptions, response: string]>([
    ['nothing', {}, ''],
    ['7.1.1.1: server_no_context_takeover, unasked', {}, 'server_no_context_takeover'],
    ['7.1.1.1: server_no_context_takeover, asked', { serverNoContextTakeover: true }, 'server_no_context_takeover'],
    ['7.1.1.2: client_no_context_takeover, unasked', {}, 'client_no_context_takeover'],
    ['7.1.1.2: no word on the hint', { clientNoContextTakeover: true }, ''],
    ['7.1.2.1: server_max_window_bits, unasked', {}, 'server_max_window_bits=8'],
    ['7.1.2.1: as asked', { serverMaxWindowBits: 10 }, 'server_max_window_bits=10'],
    ['7.1.2.1: smaller than asked', { serverMaxWindowBits: 10 }, 'server_max_window_bits=8'],
    ['7.1.2.2: any window for an open offer', {}, 'client_max_window_bits=8'],
    ['7.1.2.2: as offered', { clientMaxWindowBits: 10 }, 'client_max_window_bits=10'],
    ['7.1.2.2: smaller than offered', { clientMaxWindowBits: 10 }, 'client_max_window_bits=9'],
    ['7.1.2.2: no word on the hint', { clientMaxWindowBits: 10 }, ''],
  ])('accepts %s', (_title, options, response) => {
    const agreed = permessageDeflateClient(options).confirm(element(response))
    expect(agreed).toMatchObject({ rsv: 0x40, response: element(response) })
  })

  it.each<[response: string, options: PerMessageDeflateOptions, reason: string]>([
    ['', { serverNoContextTakeover: true }, 'server_no_context_takeover was offered and is missing in the answer'],
    ['', { serverMaxWindowBits: 10 }, 'server_max_window_bits=10 was offered, the answer has none'],
    [
      'server_max_window_bits=11',
      { serverMaxWindowBits: 10 },
      'server_max_window_bits=10 was offered, the answer has 11',
    ],
    [
      'client_max_window_bits=11',
      { clientMaxWindowBits: 10 },
      'client_max_window_bits=10 was offered, the answer has 11',
    ],
    [
      'client_max_window_bits=15',
      { clientMaxWindowBits: false },
      'client_max_window_bits was not offered and stands in the answer',
    ],
    [
      'client_max_window_bits',
      {},
      'parameter client_max_window_bits has no value, an integer from 8 to 15 was required',
    ],
    [
      'server_max_window_bits',
      {},
      'parameter server_max_window_bits has no value, an integer from 8 to 15 was required',
    ],
    [
      'server_max_window_bits=7',
      {},
      'parameter server_max_window_bits has the value "7", an integer from 8 to 15 was required',
    ],
    [
      'server_max_window_bits=16',
      {},
      'parameter server_max_window_bits has the value "16", an integer from 8 to 15 was required',
    ],
    ['server_no_context_takeover=1', {}, 'parameter server_no_context_takeover has the value "1", none is allowed'],
    ['foo=1', {}, 'parameter "foo" is unknown to permessage-deflate'],
    [
      'client_no_context_takeover; client_no_context_takeover',
      {},
      'parameter "client_no_context_takeover" came twice, at most once is allowed',
    ],
    ['x'.repeat(5000), {}, `parameter "${'x'.repeat(40)}…" is unknown to permessage-deflate`],
  ])('refuses %s', (response, options, reason) => {
    expect(permessageDeflateClient(options).confirm(element(response))).toBe(reason)
  })
})
