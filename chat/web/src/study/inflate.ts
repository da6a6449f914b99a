/**
 * DEFLATE read back, in one synchronous function: small, plain, and bounded. RFC 1951; the frame of it is RFC 7692 7.2.2.
 */

/** RFC 1951 3.2.5: the base length and the extra bits of the length codes 257 to 285. */
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
/** RFC 1951 3.2.5: the same for the distance codes 0 to 29. */
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]
/** RFC 1951 3.2.7: the order in which the lengths of the code length codes come. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
const LONGEST_CODE = 15
const END_OF_BLOCK = 256
/** RFC 7692 7.2.1: what a sender cuts off the end of a message. */
const TAIL = [0x00, 0x00, 0xff, 0xff]

/** A Huffman code: how many codes there are of each length, and the symbols in order. RFC 1951 3.2.2. */
interface Code {
  readonly counts: readonly number[]
  readonly symbols: readonly number[]
}

function codeOf(lengths: readonly number[]): Code {
  const counts = Array.from({ length: LONGEST_CODE + 1 }, () => 0)
  for (const length of lengths) counts[length]!++
  counts[0] = 0
  const offsets = [0, 0]
  for (let length = 1; length < LONGEST_CODE; length++) offsets[length + 1] = offsets[length]! + counts[length]!
  const symbols: number[] = []
  lengths.forEach((length, symbol) => {
    if (length !== 0) symbols[offsets[length]!++] = symbol
  })
  return { counts, symbols }
}

const fixedLengths = Array.from({ length: 288 }, (_, symbol) =>
  symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
)
const fixed = { literals: codeOf(fixedLengths), distances: codeOf(Array.from({ length: 30 }, () => 5)) }

class BitReader {
  readonly #bytes: Uint8Array
  #at = 0
  #bit = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  bits(count: number): number {
    let value = 0
    for (let n = 0; n < count; n++) {
      const octet = this.#bytes[this.#at]
      if (octet === undefined) throw new RangeError('the data ends in the middle of a block')
      value |= ((octet >>> this.#bit) & 1) << n
      this.#bit = (this.#bit + 1) & 7
      if (this.#bit === 0) this.#at++
    }
    return value
  }

  align(): void {
    if (this.#bit !== 0) this.#at++
    this.#bit = 0
  }

  symbol({ counts, symbols }: Code): number {
    let code = 0
    let first = 0
    let index = 0
    for (let length = 1; length <= LONGEST_CODE; length++) {
      code |= this.bits(1)
      const count = counts[length]!
      if (code - first < count) return symbols[index + code - first]!
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw new RangeError('a code that stands in no table')
  }
}

/**
 * Inflate the payload of a compressed message that refers to nothing before it.
 * @throws RangeError for what is no DEFLATE, or grows over `limit` bytes.
 */
export function inflateMessage(payload: Uint8Array, limit: number): Uint8Array {
  const input = new BitReader(Uint8Array.from([...payload, ...TAIL]))
  const out: number[] = []
  while (!input.done) {
    const isLast = input.bits(1) === 1
    const type = input.bits(2)
    if (type === 0) stored(input, out)
    else if (type === 1) compressed(input, out, fixed)
    else if (type === 2) compressed(input, out, dynamicCodes(input))
    else throw new RangeError('a block of the reserved type 3')
    if (out.length > limit) throw new RangeError(`more than ${limit} bytes`)
    // RFC 7692 7.2.3.4: a block with BFINAL may stand there; what follows begins with the next octet.
    if (isLast) input.align()
  }
  return Uint8Array.from(out)
}

function stored(input: BitReader, out: number[]): void {
  input.align()
  const length = input.bits(16)
  if (length !== (~input.bits(16) & 0xffff))
    throw new RangeError('a stored block whose length does not fit its complement')
  for (let n = 0; n < length; n++) out.push(input.bits(8))
}

function compressed(
  input: BitReader,
  out: number[],
  { literals, distances }: { literals: Code; distances: Code },
): void {
  for (;;) {
    const symbol = input.symbol(literals)
    if (symbol === END_OF_BLOCK) return
    if (symbol < END_OF_BLOCK) {
      out.push(symbol)
      continue
    }
    const lengthCode = symbol - END_OF_BLOCK - 1
    if (lengthCode >= LENGTH_BASE.length) throw new RangeError('a length code that does not exist')
    const length = LENGTH_BASE[lengthCode]! + input.bits(LENGTH_EXTRA[lengthCode]!)
    const distanceCode = input.symbol(distances)
    const distance = DISTANCE_BASE[distanceCode]! + input.bits(DISTANCE_EXTRA[distanceCode]!)
    if (distance > out.length) throw new RangeError('a distance that reaches before the beginning')
    for (let n = 0; n < length; n++) out.push(out[out.length - distance]!)
  }
}

function dynamicCodes(input: BitReader): { literals: Code; distances: Code } {
  const literalCount = input.bits(5) + 257
  const distanceCount = input.bits(5) + 1
  const lengthCount = input.bits(4) + 4
  const codeLengths = Array.from({ length: 19 }, () => 0)
  for (let n = 0; n < lengthCount; n++) codeLengths[CODE_LENGTH_ORDER[n]!] = input.bits(3)
  const code = codeOf(codeLengths)
  const lengths: number[] = []
  while (lengths.length < literalCount + distanceCount) {
    const symbol = input.symbol(code)
    if (symbol < 16) lengths.push(symbol)
    else {
      const repeated = symbol === 16 ? lengths[lengths.length - 1] : 0
      if (repeated === undefined) throw new RangeError('a repetition of nothing')
      const times = symbol === 16 ? 3 + input.bits(2) : symbol === 17 ? 3 + input.bits(3) : 11 + input.bits(7)
      for (let n = 0; n < times; n++) lengths.push(repeated)
    }
  }
  return { literals: codeOf(lengths.slice(0, literalCount)), distances: codeOf(lengths.slice(literalCount)) }
}

/** Deflate one message with what the browser has: its stream ends with BFINAL, so an octet of 0 follows. RFC 7692 7.2.3.4. */
export async function deflateMessage(payload: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([payload]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const deflated = new Uint8Array(await new Response(stream).arrayBuffer())
  const message = new Uint8Array(deflated.length + 1)
  message.set(deflated)
  return message
}
