import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, constants } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { ipv4, pcap, pcapng } from './explain/capture.ts'
import { barewire, type Outcome } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'barewire-explain-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

function explain(...args: string[]): Promise<Outcome> {
  return barewire(['explain', ...args])
}

/** The lines of a report with runs of blanks made one. */
function lines({ stdout }: Outcome): string[] {
  return stdout.split('\n').map((text) => text.trim().replaceAll(/ {2,}/g, ' '))
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

// RFC 6455 1.3: the example of the handshake.
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

function request(extra = ''): Buffer {
  return Buffer.from(
    `GET /chat HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${extra}\r\n`,
  )
}
function response(extra = '', accept = ACCEPT): Buffer {
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${extra}\r\n`,
  )
}

describe('barewire explain: one frame', () => {
  it('fills the grid of RFC 6455 5.2 with the bits of the masked Hello of 5.7', async () => {
    const outcome = await explain('81 85 37 fa 21 3d 7f 9f 4d 51 58')
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toBe(`frame 1: text, 11 bytes  client -> server, from byte 0
  0                   1                   2                   3
  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 +-+-+-+-+-------+-+-------------+-------------------------------+
 |1|0|0|0|0 0 0 1|1|0 0 0 0 1 0 1|0 0 1 1 0 1 1 1 1 1 1 1 1 0 1 0|
 |F|R|R|R|opcode |M| Payload len |          Masking-key          |
 |I|S|S|S|  (4)  |A|     (7)     |                               |
 |N|V|V|V|       |S|             |                               |
 | |1|2|3|       |K|             |                               |
 +-+-+-+-+-------+-+-------------+-------------------------------+
 |0 0 1 0 0 0 0 1 0 0 1 1 1 1 0 1|0 1 1 1 1 1 1 1 1 0 0 1 1 1 1 1|
 |    Masking-key (continued)    |         Payload data          |
 +-------------------------------+-------------------------------+
 |0 1 0 0 1 1 0 1 0 1 0 1 0 0 0 1|
 |   Payload data (continued)    |
 +-------------------------------+
 FIN       1            the message ends with this frame (5.2, 5.4)
 RSV1-3    000          no extension marks this frame (5.2)
 opcode    0001         0x1, text, a data frame (5.2)
 MASK      1            masked; a client must mask (5.1, 5.3)
 length    0000101      5 bytes (5.2)
 key       37 fa 21 3d  chosen at random for this frame (5.3)
 wire      7f 9f 4d 51 58
 XOR key   37 fa 21 3d 37
 payload   48 65 6c 6c 6f
           H  e  l  l  o
 message   text, 5 bytes in 1 frame: "Hello"
`)
  })

  it('reads the same bytes as base64, raw from a file, from stdin and as a dump', async () => {
    const hello = bytes('810548656c6c6f')
    const expected = await explain(hello.toString('hex'))
    expect(expected.stdout).toContain('server -> client')
    expect(await explain(hello.toString('base64'))).toEqual(expected)
    expect(await explain('--file', file('hello.bin', hello))).toEqual(expected)
    expect(await explain('--raw', '--file', file('hello.bin', hello))).toEqual(expected)
    expect(await barewire(['explain'], hello)).toEqual(expected)
    expect(await barewire(['explain', '-'], '00000000: 8105 4865 6c6c 6f    ..Hello\n')).toEqual(expected)
  })

  it('tells the extended lengths (5.7: 256 bytes, 64 KiB)', async () => {
    const medium = Buffer.concat([bytes('827e0100'), Buffer.alloc(256)])
    expect(lines(await explain(medium.toString('hex')))).toContain(
      'length 1111110 126: the length stands in the next 16 bits: 256 bytes (5.2)',
    )
    const long = Buffer.concat([bytes('827f0000000000010000'), Buffer.alloc(65_536)])
    const outcome = await explain('--file', file('long.bin', long), '--payload', '0')
    expect(lines(outcome)).toContain('length 1111111 127: the length stands in the next 64 bits: 65536 bytes (5.2)')
    expect(lines(outcome)).toContain('and 65536 bytes more')
  })

  it('joins fragments and lets a ping between them be (5.4)', async () => {
    const outcome = await explain('0103 48656c 8905 48656c6c6f 8002 6c6f')
    expect(outcome.stdout).toContain('message   text, 5 bytes in 2 frames: "Hello"')
    expect(outcome.stdout).toContain('frame 2: ping')
  })

  it('explains a close code and its reason (7.4)', async () => {
    const outcome = await explain('88 05 03e8 627965')
    expect(outcome.stdout).toContain('close     1000: normal closure')
    expect(outcome.stdout).toContain('reason "bye"')
    expect(lines(await explain('8800'))[12]).toMatch(/^opcode/)
    expect((await explain('8800')).stdout).toContain('no code in the body, reported as 1005')
  })

  it('says how many bytes are missing', async () => {
    const outcome = await explain('8105 4865')
    expect(outcome.stdout).toContain('5 bytes, 3 of them missing here')
    expect(outcome.stdout).not.toContain('\n message ')
    expect((await explain('81 05 48 65 6c 6c 6f 81')).stdout).toContain('1 byte at the end, less than a header: 81')
  })

  it('keeps what a peer wrote from steering the terminal', async () => {
    const outcome = await explain('8105 1b5b324a07')
    expect(outcome.stdout).toContain(String.raw`"\u{1b}[2J\u{7}"`)
    expect(outcome.stdout).not.toContain('\u001b')
  })
})

describe('barewire explain: violations', () => {
  it.each([
    ['unmasked-from-client', 1002, ['--from', 'client', '810548656c6c6f']],
    ['masked-from-server', 1002, ['--from', 'server', '818537fa213d7f9f4d5158']],
    ['reserved-bits', 1002, ['c10548656c6c6f']],
    ['reserved-opcode', 1002, ['8300']],
    ['length-not-minimal', 1002, ['817e000548656c6c6f']],
    ['length-high-bit', 1002, ['827f8000000000000000']],
    ['orphan-continuation', 1002, ['800161']],
    ['interleaved-message', 1002, ['010161810162']],
    ['control-fragmented', 1002, ['0900']],
    ['control-too-long', 1002, ['897e007e']],
    ['close-payload-too-short', 1002, ['880103']],
    ['invalid-close-code', 1002, ['880203ee']],
    ['close-reason-not-utf8', 1007, ['880303e8ff']],
    ['text-not-utf8', 1007, ['8103eda080']],
    ['compressed-control', 1002, ['--deflate', 'c900']],
    ['compressed-continuation', 1002, ['--deflate', '010161c00162']],
    ['not-decodable', 1007, ['--deflate', 'c103ffffff']],
  ])('names %s and the code %i that answers it', async (id, code, args) => {
    const outcome = await explain(...args)
    expect(outcome.code).toBe(1)
    expect(outcome.stdout).toContain(`violation ${id}: `)
    expect(outcome.stdout).toContain(`fails the connection with Close ${code}`)
    const json = JSON.parse((await explain('--json', ...args)).stdout)
    expect(json.frames.at(-1).violation).toMatchObject({ id, closeCode: code })
  })

  it('names the byte at which text stops being UTF-8, over fragments (8.1)', async () => {
    const outcome = await explain('0102 48c3 8002 2861')
    expect(outcome.stdout).toContain('byte 2 of the message, 0x28, cannot stand there in UTF-8')
    expect((await explain('8102 48c3')).stdout).toContain('the message ends inside a character')
  })

  it('stops where an endpoint stops, unless told to go on', async () => {
    expect((await explain('8300 8100')).stdout).toContain('2 bytes behind the violation')
    expect((await explain('--keep-going', '8300 8100')).stdout).toContain('frame 2: text')
  })

  it('marks what comes behind a Close frame as ignored (5.5.1)', async () => {
    expect((await explain('880203e8 8100')).stdout).toContain('ignored   it came behind a Close frame (5.5.1)')
  })
})

describe('barewire explain: conversations', () => {
  const masked = bytes('818537fa213d7f9f4d5158')

  it('shows the Accept value step by step (RFC 6455 1.3)', async () => {
    const client = file('client.bin', Buffer.concat([request(), masked]))
    const server = file('server.bin', Buffer.concat([response(), bytes('880203e8')]))
    const outcome = await explain('--client', client, '--server', server)
    expect(outcome.code).toBe(0)
    const told = lines(outcome)
    expect(told).toContain(`Sec-WebSocket-Key ${KEY} (16 bytes: 74 68 65 20 73 61 6d 70 6c 65 20 6e 6f 6e 63 65)`)
    expect(told).toContain('+ GUID 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 (4.2.2)')
    expect(told).toContain('SHA-1 of both b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea')
    expect(told).toContain(`Sec-WebSocket-Accept ${ACCEPT} the same: accepted`)
    expect(outcome.stdout).toContain('message   text, 5 bytes in 1 frame: "Hello"')
    expect(outcome.stdout).toContain('close     1000')
  })

  it('sees a wrong Accept value', async () => {
    const wrong = createHash('sha1').update('x').digest('base64')
    const outcome = await explain('--client', file('c.bin', request()), '--server', file('s.bin', response('', wrong)))
    expect(outcome.stdout).toContain('not the same: the client must fail (4.1)')
  })

  it('says what a server answers to a request that breaks a rule (4.2.1)', async () => {
    const wrong = request().toString('latin1').replace('Version: 13', 'Version: 8')
    const outcome = await explain('--client', file('c.bin', wrong))
    expect(outcome.stdout).toMatch(/refused with 426: .*13/)
    expect((await explain('--client', file('c.bin', request()))).stdout).not.toContain('refused with')
  })

  it('reads no frames behind a refusal', async () => {
    const refusal = Buffer.from('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    const outcome = await explain('--client', file('c.bin', request()), '--server', file('s.bin', refusal))
    expect(outcome.stdout).toContain('the server did not answer 101')
    expect(outcome.stdout).not.toContain('frame 1')
  })

  it.each([
    ['context goes on', ''],
    ['each message by itself', '; server_no_context_takeover'],
  ])('inflates with the context that was agreed: %s (RFC 7692 7.1.1)', async (_title, parameter) => {
    const text = 'the same words again and again'
    const first = deflate(text)
    const second = parameter === '' ? deflate(text, Buffer.from(text)) : first
    expect(second.length).toBeLessThanOrEqual(first.length)
    const frame = (payload: Buffer): Buffer => Buffer.concat([Buffer.of(0xc1, payload.length), payload])
    const extension = `Sec-WebSocket-Extensions: permessage-deflate${parameter}\r\n`
    const server = file('s.bin', Buffer.concat([response(extension), frame(first), frame(second)]))
    const outcome = await explain('--client', file('c.bin', request(extension)), '--server', server)
    expect(outcome.code).toBe(0)
    expect(outcome.stdout.match(/inflated to 30 in 1 frame: "the same words/g)).toHaveLength(2)
  })

  it('reads a capture, both sides in the order they came', async () => {
    const asked = request()
    const answered = response()
    const packets = [
      ipv4({ from: 'client', sequence: 1, syn: true, clientPort: 4000 }),
      ipv4({ from: 'client', sequence: 2, payload: Buffer.from('GET / HTTP/1.1\r\n\r\n'), clientPort: 4000 }),
      ipv4({ from: 'client', sequence: 100, payload: asked.subarray(0, 50) }),
      ipv4({ from: 'client', sequence: 150, payload: asked.subarray(50) }),
      ipv4({ from: 'server', sequence: 900, payload: answered }),
      ipv4({ from: 'server', sequence: 900 + answered.length, payload: bytes('8900') }),
      ipv4({ from: 'client', sequence: 100 + asked.length, payload: masked }),
      ipv4({ from: 'server', sequence: 902 + answered.length, payload: bytes('8a00') }),
    ]
    for (const capture of [pcap(101, packets), pcapng(101, packets)]) {
      const outcome = await explain('--file', file('session.pcap', capture), '--stream', '2', '--brief')
      expect(outcome.stdout).toContain('TCP connection 2 of 2: 10.0.0.1:50000 -> 10.0.0.2:8080')
      const frames = lines(outcome).filter((text) => /^\d+ (?:client|server) ->/.test(text))
      expect(frames.map((text) => text.split(' ').slice(1, 6).join(' '))).toEqual([
        'server -> client FIN ping',
        'client -> server FIN text',
        'server -> client FIN pong',
      ])
    }
  })

  it('prefers the connection that asks for a WebSocket', async () => {
    const upgrade = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\n\r\n')
    const packets = [
      ipv4({ from: 'client', sequence: 2, payload: Buffer.from('GET / HTTP/1.1\r\n\r\n'), clientPort: 4000 }),
      ipv4({ from: 'client', sequence: 100, payload: upgrade }),
    ]
    const outcome = await explain('--file', file('two.pcap', pcap(101, packets)))
    expect(outcome.stdout).toContain('TCP connection 2 of 2')
  })
})

describe('barewire explain: arguments', () => {
  it.each([
    [['--foo'], "unknown option '--foo'"],
    [['--from', 'me', '8100'], "--from is 'me', it must be client or server"],
    [['--hex', '--base64', '81'], '--hex and --base64 exclude each other'],
    [['--hex', 'xyz'], 'this is not hex'],
    [['$$$'], 'this is neither hex nor base64'],
    [['--payload', '-1', '81'], 'ption'],
    [[], 'there is nothing to explain'],
    [['8100', '--file', 'x'], 'give either bytes or --file'],
  ])('%j is one line on stderr and exit 2', async (args, message) => {
    const outcome = await explain(...args)
    expect(outcome.code).toBe(2)
    expect(outcome.stdout).toBe('')
    expect(outcome.stderr).toMatch(/^barewire explain: [^\n]*; see barewire explain --help\n$/)
    expect(outcome.stderr).toContain(message)
  })

  it('a file that is not there is one line and exit 1', async () => {
    expect(await explain('--file', '/nowhere/x.bin')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'barewire explain: cannot read /nowhere/x.bin: ENOENT\n',
    })
  })

  it('paints when asked to', async () => {
    expect((await explain('--color', '8100')).stdout).toContain('\u001b[36m')
    expect((await explain('--color', '--no-color', '8100')).stdout).not.toContain('\u001b')
  })

  it('explains any bytes without an exception', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.boolean(), async (input, deflated) => {
        const outcome = await barewire(['explain', '--raw', '--keep-going', ...(deflated ? ['--deflate'] : [])], input)
        expect(outcome.stderr).toBe('')
        expect(outcome.stdout.length).toBeGreaterThan(0)
      }),
      { numRuns: 200 },
    )
  })
})

/** Compress as RFC 7692 7.2.1 has it: flushed, and without the last four bytes. */
function deflate(text: string, dictionary?: Buffer): Buffer {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary === undefined ? {} : { dictionary }) }
  return deflateRawSync(text, options).subarray(0, -4)
}
