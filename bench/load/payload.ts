/** What the messages of the bench consist of: always the same bytes, made from a small generator with a fixed seed. */

const WORDS = 'the quick harbour light turns over quiet water while seven small boats wait for the morning tide'.split(
  ' ',
)

/** A generator of numbers in [0, 1) that gives the same ones in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `size` bytes of no structure. */
export function binaryPayload(size: number, seed: number): Buffer {
  const random = seededRandom(seed)
  const bytes = Buffer.allocUnsafe(size)
  const words = Math.floor(size / 4)
  for (let i = 0; i < words; i++) bytes.writeUInt32LE((random() * 2 ** 32) >>> 0, i * 4)
  for (let i = words * 4; i < size; i++) bytes[i] = random() * 256
  return bytes
}

/** `size` bytes of plain English-looking text, all ASCII. */
export function textPayload(size: number, seed: number): string {
  const random = seededRandom(seed)
  const words: string[] = []
  for (let length = 0; length < size;) {
    const word = WORDS[Math.floor(random() * WORDS.length)]!
    words.push(word)
    length += word.length + 1
  }
  return words.join(' ').padEnd(size, '.').slice(0, size)
}

/** A JSON text of exactly `size` bytes: a list of records such as a chat or a market feed sends. */
export function jsonPayload(size: number, seed: number): string {
  const random = seededRandom(seed)
  let text = `{"type":"update","seq":${1000 + seed},"items":[`
  for (let first = true; text.length < size - 2; first = false) {
    const id = Math.floor(random() * 1e6)
    const name = WORDS[Math.floor(random() * WORDS.length)]!
    text += `${first ? '' : ','}{"id":${id},"name":"${name}","price":${(random() * 900).toFixed(2)},"active":${random() > 0.5}}`
  }
  return `${text.slice(0, size - 2)}]}`
}
