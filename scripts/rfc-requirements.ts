/**
 * Every MUST, MUST NOT, SHOULD and SHOULD NOT of RFC 6455, RFC 7692 and RFC 8441 that binds an endpoint, in the order of the standard and in
 * our words: where it is held, and which test shows it. `npm run docs` makes docs/rfc-map.md of it.
 */

export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY'

export interface Requirement {
  readonly rfc: 6455 | 7692 | 8441
  readonly section: string
  readonly level: Level
  /** What is required, and of whom. */
  readonly text: string
  /** `file#name` of what holds it. */
  readonly code?: string
  /** The test file that shows it. */
  readonly test?: string
  /** Why it is not held, or held in another way. */
  readonly exception?: string
}

type Row = readonly [section: string, level: Level, text: string, code: string, test: string]

const P = 'src/protocol/'
const H = 'src/handshake/'
const E = 'src/extensions/'
const N = 'src/node/'
const TP = 'test/protocol/'
const TH = 'test/handshake/'
const TE = 'test/extensions/'
const TN = 'test/node/'
const TC = 'test/client/'

const RFC_6455: readonly Row[] = [
  ['3', 'MUST NOT', 'A WebSocket URI has no fragment.', `${N}client-url.ts#parseWebSocketUrl`, `${TN}client-url.test.ts`],
  ['4.1', 'MUST', 'A client fails a connection that cannot be opened.', `${N}dial.ts#dial`, `${TN}tunnel.test.ts`],
  ['4.1', 'MUST', 'A client of wss: does a TLS handshake, names the host in it (SNI) and fails when it fails.', `${N}dial.ts#dial`, `${TN}server.test.ts`],
  ['4.1', 'SHOULD', 'A client that is told of a proxy asks it for the connection.', `${N}tunnel.ts#openTunnel`, `${TN}tunnel.test.ts`],
  ['4.1', 'MUST', 'The request is a GET of HTTP/1.1 or later.', `${H}client-handshake.ts#buildRequest`, `${TH}client-handshake.test.ts`],
  ['4.1', 'MUST', 'It names the resource and has a Host with the port, unless that is the default.', `${H}client-handshake.ts#requestFields`, `${TH}client-handshake.test.ts`],
  ['4.1', 'MUST', 'It has Upgrade: websocket and Connection: Upgrade.', `${H}client-handshake.ts#requestFields`, `${TH}client-handshake.test.ts`],
  ['4.1', 'MUST', 'It has a Sec-WebSocket-Key of 16 bytes in base64, drawn anew for every connection.', `${H}accept-key.ts#generateKey`, `${TH}accept-key.test.ts`],
  ['4.1', 'MUST', 'It has Sec-WebSocket-Version: 13.', `${H}client-handshake.ts#requestFields`, `${TH}client-handshake.test.ts`],
  ['4.1', 'MUST', 'The subprotocols it offers are tokens and unique.', `${H}client-handshake.ts#offerFields`, `${TH}client-handshake.test.ts`],
  ['4.1', 'MUST', 'A client sends no data before the answer has come.', `${N}client-connection.ts#ClientConnection`, `${TC}malicious-handshake.test.ts`],
  ['4.1', 'MUST', 'A client fails the connection when the status is not 101 (it may follow a redirect).', `${H}client-handshake.ts#checkStatus`, `${TH}client-handshake.test.ts`],
  ['4.1', 'MUST', 'It fails the connection without Upgrade: websocket or Connection: Upgrade in the answer.', `${H}client-handshake.ts#checkUpgrade`, `${TH}client-handshake.test.ts`],
  ['4.1', 'MUST', 'It fails the connection when Sec-WebSocket-Accept is missing or wrong.', `${H}client-handshake.ts#checkAccept`, `${TH}client-handshake.test.ts`],
  ['4.1', 'MUST', 'It fails the connection for an extension it did not ask for.', `${H}answer-check.ts#confirmExtensions`, `${TH}answer-check.test.ts`],
  ['4.1', 'MUST', 'It fails the connection for a subprotocol it did not ask for.', `${H}answer-check.ts#confirmProtocol`, `${TH}answer-check.test.ts`],
  ['4.2.1', 'MUST', 'A server answers 400 or another error to a request that is no handshake: method, version of HTTP, Host.', `${H}server-handshake.ts#readServerHandshake`, `${TH}server-handshake.test.ts`],
  ['4.2.1', 'MUST', 'So it does without the token websocket in Upgrade or the token Upgrade in Connection, in any case.', `${H}server-handshake.ts#readUpgrade`, `${TH}server-handshake.test.ts`],
  ['4.2.1', 'MUST', 'So it does without exactly one Sec-WebSocket-Key that is 16 bytes.', `${H}accept-key.ts#isValidKey`, `${TH}server-handshake.test.ts`],
  ['4.2.2', 'MUST', 'A version that is not understood is answered with 426 and the versions that are.', `${H}handshake-offer.ts#checkVersion`, `${TH}handshake-offer.test.ts`],
  ['4.2.2', 'MUST', 'A resource that is not there is answered with 404.', `${H}rejection.ts#pathNotServed`, `${TH}rejection.test.ts`],
  ['4.2.2', 'MUST', 'An origin that is not accepted is answered with 403.', `${H}origin.ts#checkOrigin`, `${TH}origin.test.ts`],
  ['4.2.2', 'MUST', 'The subprotocol chosen is one of those offered, or none is named.', `${H}negotiation.ts#selectProtocol`, `${TH}negotiation.test.ts`],
  ['4.2.2', 'MUST NOT', 'An extension that was not offered is not agreed to.', `${H}negotiation.ts#negotiateExtensions`, `${TH}negotiation.test.ts`],
  ['4.2.2', 'MUST', 'The answer has 101, Upgrade, Connection and the Accept of the key.', `${H}server-handshake.ts#renderAccept`, `${TH}server-handshake.test.ts`],
  ['4.2.2', 'MAY', 'A server may ask for further authentication, with 401 for example.', `${H}rejection.ts#reject`, `${TN}upgrade.test.ts`],
  ['4.4', 'MUST', 'A server that does not understand the version names those it does.', `${H}rejection.ts#upgradeRequired`, `${TH}rejection.test.ts`],
  ['5.1', 'MUST', 'A client masks every frame, over TLS as well.', `${P}frame-writer.ts#FrameWriter`, `${TP}connection-options.test.ts`],
  ['5.1', 'MUST', 'A server closes the connection for an unmasked frame.', `${P}frame-rules.ts#checkHeader`, `${TP}frame-rules.test.ts`],
  ['5.1', 'MUST NOT', 'A server does not mask.', `${P}connection-options.ts#checkOptions`, `${TP}connection-options.test.ts`],
  ['5.1', 'MUST', 'A client closes the connection for a masked frame.', `${P}frame-rules.ts#checkHeader`, `${TP}frame-rules.test.ts`],
  ['5.2', 'MUST', 'RSV bits are 0 unless an extension defines them; otherwise the connection fails.', `${P}frame-rules.ts#checkReservedBits`, `${TP}frame-rules.test.ts`],
  ['5.2', 'MUST', 'An unknown opcode fails the connection.', `${P}frame-rules.ts#checkHeader`, `${TP}frame-rules.test.ts`],
  ['5.2', 'MUST', 'Lengths are written in the fewest bytes, and read in no other form.', `${P}frame-rules.ts#checkLengthField`, `${TP}frame-rules.test.ts`],
  ['5.2', 'MUST', 'The first bit of a 64-bit length is 0.', `${P}frame-rules.ts#checkLengthField`, `${TP}frame-rules.test.ts`],
  ['5.3', 'MUST', 'The mask key is unpredictable, drawn anew for each frame from a strong source.', `${N}platform.ts#randomMask`, `${TN}platform.test.ts`],
  ['5.3', 'MUST', 'Payload byte i is XOR-ed with key byte i modulo 4.', `${P}mask.ts#applyMask`, `${TP}mask.test.ts`],
  ['5.4', 'MUST', 'A message is a first frame with its opcode and continuations; anything else fails the connection.', `${P}frame-rules.ts#checkHeader`, `${TP}frame-rules.test.ts`],
  ['5.4', 'MUST', 'Control frames are taken between fragments, and answered there.', `${P}message-assembler.ts#MessageAssembler`, `${TP}message-assembler.test.ts`],
  ['5.4', 'MUST NOT', 'Control frames are not fragmented.', `${P}frame-rules.ts#checkHeader`, `${TP}frame-rules.test.ts`],
  ['5.4', 'MUST', 'Fragments are delivered in the order they were sent.', `${P}message-sender.ts#MessageSender`, `${TP}message-sender.test.ts`],
  ['5.4', 'MUST NOT', 'The fragments of two messages are not interleaved, sent or received.', `${P}message-sender.ts#MessageSender`, `${TP}message-sender.test.ts`],
  ['5.4', 'MUST', 'Fragmented and whole messages are both taken.', `${P}message-assembler.ts#MessageAssembler`, `${TP}message-assembler.test.ts`],
  ['5.5', 'MUST', 'Control frames carry 125 bytes or less and are whole.', `${P}frame-rules.ts#checkHeader`, `${TP}frame-rules.test.ts`],
  ['5.5', 'MUST', 'No larger one is sent.', `${P}payload-checks.ts#checkControlPayload`, `${TP}connection.test.ts`],
  ['5.5.1', 'MUST', 'A body of a Close frame begins with a code of two bytes.', `${P}close-payload.ts#decodeClosePayload`, `${TP}close-payload.test.ts`],
  ['5.5.1', 'MUST NOT', 'No data frame follows our Close frame.', `${P}connection.ts#send`, `${TP}connection.test.ts`],
  ['5.5.1', 'MUST', 'A Close frame is answered with one, unless ours went before.', `${P}connection-state.ts#transitions`, `${TP}connection-state.test.ts`],
  ['5.5.1', 'SHOULD', 'The answer goes as soon as is practical, behind what was being sent, and carries the code that came.', `${P}message-sender.ts#MessageSender`, `${TP}message-sender.test.ts`],
  ['5.5.1', 'MUST', 'When Close frames have gone both ways, TCP ends: the server at once, the client waits for that.', `${P}closing-handshake.ts#ClosingHandshake`, `${TP}connection.test.ts`],
  ['5.5.2', 'MUST', 'A ping is answered with a pong, unless a Close frame has come.', `${P}inbound.ts#Inbound`, `${TP}connection.test.ts`],
  ['5.5.3', 'MUST', 'The pong carries the bytes of the ping; of several unanswered pings the latest may do.', `${P}inbound.ts#Inbound`, `${TP}connection.test.ts`],
  ['5.6', 'MUST', 'A text message as a whole is UTF-8; its fragments may cut a character.', `${P}message-assembler.ts#MessageAssembler`, `${TP}message-assembler.test.ts`],
  ['6.1', 'MUST', 'Data is sent only while the connection is open.', `${P}connection.ts#send`, `${TP}connection.test.ts`],
  ['6.1', 'MUST', 'The first frame has the opcode, the last has FIN.', `${P}message-sender.ts#MessageSender`, `${TP}message-sender.test.ts`],
  ['6.2', 'MUST', 'Messages are delivered as they were sent, in order; a server removes the mask.', `${P}frame-reader.ts#FrameReader`, `${TP}frame-reader.test.ts`],
  ['7.1.1', 'SHOULD', 'The server ends TCP first.', `${P}connection-state.ts#transitions`, `${TP}connection.test.ts`],
  ['7.1.2', 'MUST', 'The closing handshake begins with a Close frame, and there is one at most.', `${P}connection-state.ts#transitions`, `${TP}connection-state.test.ts`],
  ['7.1.5', 'MUST', 'Without a code the application is told 1005, without a Close frame 1006.', `${P}closing-handshake.ts#ClosingHandshake`, `${TP}connection.test.ts`],
  ['7.1.7', 'SHOULD', 'Failing an open connection sends a Close frame with the code of what was wrong.', `${P}closing-handshake.ts#fail`, `${TP}connection.test.ts`],
  ['7.1.7', 'MUST NOT', 'After failing, nothing more that comes is processed.', `${P}message-receiver.ts#stop`, `${TP}connection.test.ts`],
  ['7.2.1', 'MUST', 'A client whose connection is lost fails it.', `${P}connection-state.ts#transitions`, `${TP}connection-state.test.ts`],
  ['7.4.1', 'MUST NOT', '1005, 1006 and 1015 do not stand in a Close frame, sent or received.', `${P}close-code.ts#isWireCloseCode`, `${TP}close-code.test.ts`],
  ['7.4.2', 'MUST NOT', 'Codes below 1000 are not used, nor those of 1000 to 2999 that nobody has registered.', `${P}close-code.ts#isWireCloseCode`, `${TP}close-code.test.ts`],
  ['8.1', 'MUST', 'Text that is not UTF-8 fails the connection, in messages and in the reason of a Close frame.', `${P}utf8.ts#Utf8Validator`, `${TP}utf8.test.ts`],
  ['9.1', 'MUST', 'Sec-WebSocket-Extensions is a list of tokens with parameters, and a quoted value is a token too.', `${H}header-grammar.ts#parseExtensionList`, `${TH}header-grammar.test.ts`],
  ['9.1', 'MUST', 'Extensions that are agreed to do not claim the same bit, and apply in the order of the answer.', `${H}negotiation.ts#negotiateExtensions`, `${TH}negotiation.test.ts`],
  ['10.2', 'SHOULD', 'A server that is not for every page looks at Origin.', `${H}origin.ts#createOriginCheck`, `${TH}origin.test.ts`],
  ['10.3', 'MUST', 'No application can choose the key that masks its data.', `${N}platform.ts#randomMask`, `${TP}connection.test.ts`],
  ['10.4', 'MUST', 'No message grows beyond the limit, whatever is announced.', `${P}message-assembler.ts#MessageAssembler`, `${TP}message-assembler.test.ts`],
  ['10.4', 'SHOULD', 'Sizes of frames and messages are limited; what is announced reserves at most 32 times what has come.', `${P}payload-buffer.ts#PayloadBuffer`, `${TP}payload-buffer.test.ts`],
  ['10.7', 'MUST', 'What comes in is always validated; data that breaks a rule closes the connection.', `${P}violation.ts#Violations`, `${TP}violation.test.ts`],
  ['11.3', 'MUST NOT', 'Key and Version appear once in a request, Accept once in an answer.', `${H}server-handshake.ts#readServerHandshake`, `${TH}server-handshake.test.ts`],
  ['11.3.2', 'MAY', 'In a request, Sec-WebSocket-Extensions and Sec-WebSocket-Protocol may be spread over several lines.', `${H}handshake-offer.ts#readOffer`, `${TH}handshake-offer.test.ts`],
  ['11.3.2', 'MUST NOT', 'In an answer, Sec-WebSocket-Extensions and Sec-WebSocket-Protocol appear once.', `${H}answer-check.ts#confirmExtensions`, `${TH}client-handshake.test.ts`],
]

const RFC_7692: readonly Row[] = [
  ['5', 'MUST', 'A server declines an offer that it cannot keep; the connection goes on without.', `${H}negotiation.ts#negotiateExtensions`, `${TH}negotiation.test.ts`],
  ['5', 'MUST', 'A client fails the connection for an answer that is not what it offered.', `${E}deflate-parameters.ts#confirmResponse`, `${TE}deflate-parameters.test.ts`],
  ['5.1', 'MAY', 'A client may offer several configurations, and a server takes the first it can keep.', `${E}deflate-parameters.ts#agreeToOffer`, `${TE}deflate-parameters.test.ts`],
  ['6.1', 'MUST', 'A compressed message has RSV1 on its first frame.', `${P}message-sender.ts#MessageSender`, `${TP}message-sender.test.ts`],
  ['6.1', 'MUST NOT', 'RSV1 stands on no control frame and on no continuation; there it fails the connection.', `${P}frame-rules.ts#checkReservedBits`, `${TP}frame-rules.test.ts`],
  ['6.2', 'MUST', 'A message with RSV1 is decompressed as a whole, over all its fragments.', `${E}message-inflater.ts#MessageInflater`, `${TE}deflate-interop.test.ts`],
  ['7', 'MUST', 'An offer or answer with an unknown parameter, an invalid value or a parameter twice is declined, or fails.', `${E}deflate-parameters.ts#parseDeflateParameters`, `${TE}deflate-parameters.test.ts`],
  ['7.1.1.1', 'MUST NOT', 'A server that agreed to server_no_context_takeover does not refer to earlier messages.', `${E}message-deflater.ts#MessageDeflater`, `${TE}deflate-interop.test.ts`],
  ['7.1.1.1', 'MUST', 'A server that was asked for server_no_context_takeover agrees to it, or declines.', `${E}deflate-parameters.ts#agreeToOffer`, `${TE}deflate-parameters.test.ts`],
  ['7.1.1.2', 'MUST NOT', 'A client that agreed to client_no_context_takeover does not refer to earlier messages.', `${E}message-deflater.ts#MessageDeflater`, `${TE}deflate-interop.test.ts`],
  ['7.1.2', 'MUST', 'Window bits are a decimal number from 8 to 15 without leading zeroes.', `${E}deflate-parameters.ts#parseDeflateParameters`, `${TE}deflate-parameters.test.ts`],
  ['7.1.2.1', 'MUST', 'A server that was asked for server_max_window_bits answers with the same or fewer, or declines.', `${E}deflate-parameters.ts#agreeToOffer`, `${TE}deflate-parameters.test.ts`],
  ['7.1.2.1', 'MUST NOT', 'It does not refer further back than it has agreed to.', `${E}message-deflater.ts#MessageDeflater`, `${TE}deflate-interop.test.ts`],
  ['7.1.2.2', 'MUST NOT', 'A server names client_max_window_bits only when it was offered.', `${E}deflate-parameters.ts#agreeToOffer`, `${TE}deflate-parameters.test.ts`],
  ['7.1.2.2', 'MUST NOT', 'A client does not refer further back than was agreed.', `${E}message-deflater.ts#MessageDeflater`, `${TE}deflate-interop.test.ts`],
  ['7.2.1', 'MUST', 'The sender flushes to a byte, and takes 00 00 ff ff off the end.', `${E}message-deflater.ts#MessageDeflater`, `${TE}deflate-interop.test.ts`],
  ['7.2.2', 'MUST', 'The receiver puts 00 00 ff ff back and inflates; blocks of every kind are taken, a final one too.', `${E}inflate-message.ts#inflateNow`, `${TE}deflate-interop.test.ts`],
  ['7.2.2', 'MUST', 'What is not DEFLATE fails the connection.', `${E}inflate-end.ts#inflateFailure`, `${TE}inflate-failures.test.ts`],
]

const RFC_8441: readonly Row[] = [
  ['3', 'MUST NOT', 'A server that has sent SETTINGS_ENABLE_CONNECT_PROTOCOL with 1 does not take it back.', `${N}http2-attachment.ts#takeConnects`, `${TN}http2-wire.test.ts`],
  ['3', 'MAY', 'A client that has received that setting may use :protocol; one that has not would send a malformed request.', `${N}http2-session.ts#whenEnabled`, `${TC}http2.test.ts`],
  ['4', 'MUST', 'A request with :protocol has :scheme and :path as well, and :authority is the host that is asked.', `${H}extended-connect.ts#buildExtendedConnect`, `${TH}extended-connect.test.ts`],
  ['4', 'MUST', 'A server answers a request without them with an error.', `${H}extended-connect.ts#readPseudoHeaders`, `${TN}http2-server.test.ts`],
  ['5', 'MUST', 'The request is an extended CONNECT with :protocol websocket; any 2xx opens the connection.', `${H}extended-connect.ts#checkExtendedConnect`, `${TH}extended-connect.test.ts`],
  ['5', 'MUST NOT', 'Upgrade and Connection are in neither of request and answer; no key is sent.', `${H}extended-connect.ts#isConnectionField`, `${TH}extended-connect.test.ts`],
  ['5', 'MUST', 'Origin, Sec-WebSocket-Version, -Protocol and -Extensions mean what they do over HTTP/1.1.', `${H}extended-connect.ts#readExtendedConnect`, `${TN}http2-server.test.ts`],
  ['5', 'MUST', 'The orderly end of TCP is END_STREAM.', `${N}http2-stream.ts#makeLikeTcp`, `${TN}http2-wire.test.ts`],
  ['5', 'MUST', 'The reset of TCP is RST_STREAM with CANCEL.', `${N}http2-stream.ts#makeLikeTcp`, `${TN}http2-wire.test.ts`],
]

const EXCEPTIONS: readonly Requirement[] = [
  {
    rfc: 6455,
    section: '4.1',
    level: 'MUST',
    text: 'The request of a browser has an Origin field.',
    exception: 'Held by browsers. A program has no origin; `origin` is there for one that acts for a page.',
  },
  {
    rfc: 6455,
    section: '5.5.1',
    level: 'MUST NOT',
    text: 'The reason of a Close frame is not shown to end users.',
    exception: 'Held by the application, which gets it as CloseOutcome.reason for its logs.',
  },
  {
    rfc: 6455,
    section: '4.1',
    level: 'MUST',
    text: 'A client has at most one connection to a host in the state CONNECTING.',
    exception:
      'Held by browsers, whose pages are not trusted. A program that opens a thousand connections means to, and each of them is bounded by handshakeTimeout.',
  },
  {
    rfc: 6455,
    section: '7.2.3',
    level: 'SHOULD',
    text: 'A client that was cut off waits a random time before it connects again, and longer each time.',
    exception:
      'Left to the application, since only it knows what to ask for again; docs/examples.md has it in fifteen lines, and the page of the chat room does it.',
  },
  {
    rfc: 6455,
    section: '7.1.1',
    level: 'SHOULD',
    text: 'A client does not end TCP before the server has.',
    exception: 'Held until closeTimeout: a server that does not end TCP is not waited for without end.',
  },
  {
    rfc: 6455,
    section: '4.2.2',
    level: 'MUST',
    text: 'A server of wss: does a TLS handshake first.',
    exception: 'Done by node:tls, or by the proxy in front.',
  },
]

function requirement(rfc: 6455 | 7692 | 8441, [section, level, text, code, test]: Row): Requirement {
  return { rfc, section, level, text, code, test }
}

export const requirements: readonly Requirement[] = [
  ...RFC_6455.map((row) => requirement(6455, row)),
  ...RFC_7692.map((row) => requirement(7692, row)),
  ...RFC_8441.map((row) => requirement(8441, row)),
]

export const exceptions: readonly Requirement[] = EXCEPTIONS
