/**
 * Conversations as bytes: what a peer sends, frame by frame in hexadecimal digits, and what the endpoint makes of it. The
 * frames are written as a server sends them, without a mask; for an endpoint that is the server they get one.
 */

export interface WireCase {
  readonly title: string
  /** What the peer sends: one string a frame. */
  readonly frames: readonly string[]
  /** Which end receives it; both unless the case is about one. */
  readonly roles?: readonly ('server' | 'client')[]
  /** Send the frames as they stand, mask and all. */
  readonly asIs?: boolean
  readonly options?: { readonly maxPayload?: number; readonly maxFragments?: number; readonly text?: 'bytes' }
  /** Calls of the handler, but for the end of the transport. */
  readonly calls: readonly string[]
  /** What the endpoint answers: one string a frame, without the mask that a client adds. */
  readonly answers?: readonly string[]
  /** The two bytes of the close code with which the endpoint then fails the connection; its reason is left open. */
  readonly fails?: string
}

const HELLO = '81 05 48 65 6c 6c 6f'

/** A violation: nothing behind it is delivered, and a Close frame with this code answers it. */
function broken(title: string, frames: readonly string[], code: string, before: readonly string[] = []): WireCase {
  return { title, frames: [...frames, HELLO], calls: before, fails: code }
}

const PROTOCOL = '03 ea'
const PAYLOAD = '03 ef'
const TOO_BIG = '03 f1'
const POLICY = '03 f0'

/** RFC 6455 5.7, every example, and the masked ones as they stand there. */
export const examples: readonly WireCase[] = [
  { title: 'a single-frame unmasked text message (5.7)', frames: [HELLO], calls: ['text Hello'] },
  {
    title: 'a single-frame masked text message (5.7)',
    frames: ['81 85 37 fa 21 3d 7f 9f 4d 51 58'],
    roles: ['server'],
    asIs: true,
    calls: ['text Hello'],
  },
  {
    title: 'a fragmented unmasked text message (5.7)',
    frames: ['01 03 48 65 6c', '80 02 6c 6f'],
    calls: ['text Hello'],
  },
  {
    title: 'an unmasked ping, answered by a pong with the same body (5.7)',
    frames: ['89 05 48 65 6c 6c 6f'],
    calls: ['ping 48 65 6c 6c 6f'],
    answers: ['8a 05 48 65 6c 6c 6f'],
  },
  {
    title: 'a masked pong (5.7)',
    frames: ['8a 85 37 fa 21 3d 7f 9f 4d 51 58'],
    roles: ['server'],
    asIs: true,
    calls: ['pong 48 65 6c 6c 6f'],
  },
  {
    title: '256 bytes of binary in a single unmasked frame (5.7)',
    frames: [`82 7e 01 00 ${'aa '.repeat(256)}`],
    calls: [`binary ${'aa '.repeat(256).trim()}`],
  },
]

export const messages: readonly WireCase[] = [
  { title: 'an empty text and an empty binary message (5.6)', frames: ['81 00', '82 00'], calls: ['text', 'binary'] },
  {
    title: 'several messages in a row (5.4)',
    frames: ['81 01 61', '82 01 ff', '81 02 c3 a9'],
    calls: ['text a', 'binary ff', 'text é'],
  },
  {
    title: 'every place a message can be empty in: first, middle, last fragment (5.4)',
    frames: ['01 00', '00 01 61', '00 00', '00 01 62', '80 00'],
    calls: ['text ab'],
  },
  { title: 'a message of empty fragments (5.4)', frames: ['02 00', '00 00', '80 00'], calls: ['binary'] },
  { title: 'text that begins with empty fragments (5.4)', frames: ['01 00', '80 02 c3 a9'], calls: ['text é'] },
  {
    title: 'control frames in the middle of a fragmented message (5.4)',
    frames: ['01 03 48 65 6c', '89 01 01', '8a 01 02', '80 02 6c 6f'],
    calls: ['ping 01', 'pong 02', 'text Hello'],
    answers: ['8a 01 01'],
  },
  {
    title: 'a character cut by fragments (5.6)',
    frames: ['01 01 f0', '00 01 9f', '00 01 98', '80 01 80'],
    calls: ['text 😀'],
  },
  {
    title: 'the length 125 in 7 bits and 126 in 16 (5.2)',
    frames: [`82 7d ${'01 '.repeat(125)}`, `82 7e 00 7e ${'02 '.repeat(126)}`],
    calls: [`binary ${'01 '.repeat(125).trim()}`, `binary ${'02 '.repeat(126).trim()}`],
  },
  {
    title: 'text as bytes, where those are wanted (5.6)',
    frames: ['81 02 c3 a9', '01 01 c3', '80 01 a9'],
    options: { text: 'bytes' },
    calls: ['text c3 a9', 'text c3 a9'],
  },
  {
    title: 'a ping of 125 bytes and an empty one (5.5.2)',
    frames: [`89 7d ${'07 '.repeat(125)}`, '89 00'],
    calls: [`ping ${'07 '.repeat(125).trim()}`, 'ping'],
    answers: [`8a 7d ${'07 '.repeat(125)}`, '8a 00'],
  },
  {
    title: 'a message as long as the limit (10.4)',
    frames: ['82 03 01 02 03', '02 02 01 02', '80 01 03'],
    options: { maxPayload: 3, maxFragments: 2 },
    calls: ['binary 01 02 03', 'binary 01 02 03'],
  },
]

export const closes: readonly WireCase[] = [
  {
    title: 'an empty Close frame, answered by an empty one (5.5.1)',
    frames: ['88 00', HELLO],
    calls: ['closed 1005 -, clean, peer'],
    answers: ['88 00'],
  },
  {
    title: 'a Close frame with a code, which is echoed without the reason (5.5.1)',
    frames: ['88 05 03 e9 62 79 65', HELLO],
    calls: ['closed 1001 bye, clean, peer'],
    answers: ['88 02 03 e9'],
  },
  {
    title: 'a Close frame with the longest reason (5.5)',
    frames: [`88 7d 0b b8 ${'78 '.repeat(123)}`],
    calls: [`closed 3000 ${'x'.repeat(123)}, clean, peer`],
    answers: ['88 02 0b b8'],
  },
  {
    title: 'a Close frame in the middle of a fragmented message (5.5.1)',
    frames: ['01 01 61', '88 02 03 e8', '80 01 62'],
    calls: ['closed 1000 -, clean, peer'],
    answers: ['88 02 03 e8'],
  },
  {
    title: 'a message, a ping and a Close frame, answered in that order (5.5)',
    frames: [HELLO, '89 01 01', '88 02 13 87'],
    calls: ['text Hello', 'ping 01', 'closed 4999 -, clean, peer'],
    answers: ['8a 01 01', '88 02 13 87'],
  },
]

export const violations: readonly WireCase[] = [
  ...['91 00', 'a1 00', 'c1 00', 'f2 00', 'c9 00', '98 00'].map((frame) =>
    broken(`a reserved bit in ${frame.slice(0, 2)} (5.2)`, [frame], PROTOCOL),
  ),
  ...['83', '84', '85', '86', '87', '8b', '8c', '8d', '8e', '8f', '03', '0b'].map((first) =>
    broken(`the reserved opcode of ${first} (5.2)`, [`${first} 00`], PROTOCOL),
  ),
  ...['09 00', '08 00', '0a 00'].map((frame) => broken(`a fragmented control frame ${frame} (5.5)`, [frame], PROTOCOL)),
  ...['88', '89', '8a'].map((first) =>
    broken(`a control frame ${first} of 126 bytes (5.5)`, [`${first} 7e 00 7e ${'00 '.repeat(126)}`], PROTOCOL),
  ),
  broken('a continuation of nothing (5.4)', ['80 01 61'], PROTOCOL),
  broken('a continuation of nothing, after a message in fragments (5.4)', ['02 00', '80 00', '00 00'], PROTOCOL, [
    'binary',
  ]),
  broken('text inside a binary message (5.4)', ['02 01 61', '81 01 62'], PROTOCOL),
  broken('a second beginning of a message (5.4)', ['01 01 61', '01 01 62'], PROTOCOL),
  broken('the length 125 in 16 bits (5.2)', [`82 7e 00 7d ${'00 '.repeat(125)}`], PROTOCOL),
  broken('the length 0 in 64 bits (5.2)', ['82 7f 00 00 00 00 00 00 00 00'], PROTOCOL),
  broken('a Close frame of one byte (5.5.1)', ['88 01 03'], PROTOCOL),
  ...['00 00', '03 e7', '03 ec', '03 ed', '03 ee', '03 f7', '03 f8', '04 00', '0b b7', '13 88', 'ff ff'].map((code) =>
    broken(`the close code ${Number.parseInt(code.replace(' ', ''), 16)} (7.4)`, [`88 02 ${code}`], PROTOCOL),
  ),
  broken('a close reason that is not UTF-8 (5.5.1)', ['88 03 03 e8 ff'], PAYLOAD),
  broken('a close reason cut inside a character (5.5.1)', ['88 04 03 e8 e2 82'], PAYLOAD),
  ...['ff', 'c0 80', 'ed a0 80', 'f4 90 80 80', 'e2 82', '80'].map((bytes) =>
    broken(`text of [${bytes}] (8.1)`, [`81 0${bytes.split(' ').length} ${bytes}`], PAYLOAD),
  ),
  broken('a bad byte behind a good message (8.1)', ['81 01 61', '81 02 61 ff'], PAYLOAD, ['text a']),
  broken('a bad byte in the second fragment (8.1)', ['01 02 61 e2', '80 01 41'], PAYLOAD),
  broken('a character that the last fragment leaves unfinished (8.1)', ['01 01 61', '80 02 e2 82'], PAYLOAD),
  broken('a character that an empty last fragment leaves unfinished (8.1)', ['01 02 61 e2', '80 00'], PAYLOAD),
  { ...broken('a message over the limit (10.4)', ['82 04 01 02 03 04'], TOO_BIG), options: { maxPayload: 3 } },
  {
    ...broken('fragments whose sum is over the limit (10.4)', ['02 02 01 02', '80 02 03 04'], TOO_BIG),
    options: { maxPayload: 3 },
  },
  {
    ...broken('more fragments than the limit (10.4)', ['02 00', '00 00', '00 00'], POLICY),
    options: { maxFragments: 2 },
  },
  {
    title: 'a frame without a mask from a client (5.1)',
    frames: [HELLO, HELLO],
    roles: ['server'],
    asIs: true,
    calls: [],
    fails: PROTOCOL,
  },
  {
    title: 'a frame with a mask from a server (5.1)',
    frames: ['81 85 37 fa 21 3d 7f 9f 4d 51 58', HELLO],
    roles: ['client'],
    asIs: true,
    calls: [],
    fails: PROTOCOL,
  },
]

/** Headers that are refused as such: their payload never comes. */
export const announcements: readonly WireCase[] = [
  {
    title: 'a length with its most significant bit set (5.2)',
    frames: ['82 7f 80 00 00 00 00 00 00 00'],
    roles: ['client'],
    asIs: true,
    calls: [],
    fails: PROTOCOL,
  },
  {
    title: 'a length with its most significant bit set, masked (5.2)',
    frames: ['82 ff ff ff ff ff ff ff ff ff 01 02 03 04'],
    roles: ['server'],
    asIs: true,
    calls: [],
    fails: PROTOCOL,
  },
  {
    title: 'a length of 2^53, over every limit (10.4)',
    frames: ['82 ff 00 20 00 00 00 00 00 00 01 02 03 04'],
    roles: ['server'],
    asIs: true,
    options: { maxPayload: Number.MAX_SAFE_INTEGER },
    calls: [],
    fails: TOO_BIG,
  },
  {
    title: 'a length one over the default limit of 16 MiB (10.4)',
    frames: ['82 ff 00 00 00 00 01 00 00 01 01 02 03 04'],
    roles: ['server'],
    asIs: true,
    calls: [],
    fails: TOO_BIG,
  },
]
