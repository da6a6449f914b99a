/**
 * Watches the bytes of one direction and tells each frame in a line, however the stream cuts them. RFC 6455 5.2.
 */
import {
  MASK_KEY_LENGTH,
  MAX_HEADER_LENGTH,
  createFrameHeader,
  decodeFrameHeader,
  headerLengthOf,
} from '../../protocol/frame-header.ts'
import { opcodeName } from '../explain/field-table.ts'
import { count, hex } from '../printable.ts'

/** How many bytes of a payload are shown. */
const SHOWN = 16

/** A frame whose bytes are still coming. */
interface Pending {
  readonly title: string
  readonly header: string
  /** The first bytes of the payload, as they stand on the wire. */
  readonly shown: number[]
  readonly length: number
  missing: number
}

export class WireTap {
  readonly #tell: (line: string) => void
  readonly #header: number[] = []
  #pending: Pending | undefined

  /** `tell` is called with one line for each whole frame. */
  constructor(tell: (line: string) => void) {
    this.#tell = tell
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at = this.#pending === undefined ? this.#readHeader(bytes, at) : this.#readPayload(bytes, at, this.#pending)
    }
  }

  #readHeader(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length;) {
      this.#header.push(bytes[at++] ?? 0)
      const second = this.#header[1]
      if (second === undefined || this.#header.length < headerLengthOf(second)) continue
      this.#begin(Uint8Array.from(this.#header.splice(0, MAX_HEADER_LENGTH)))
      return at
    }
    return bytes.length
  }

  #begin(bytes: Uint8Array): void {
    const header = createFrameHeader()
    decodeFrameHeader(bytes, 0, header)
    const bits = [
      header.fin ? 'FIN' : '',
      header.rsv === 0 ? '' : `RSV${(header.rsv >> 4).toString(2).padStart(3, '0')}`,
    ]
    const key = header.masked ? `mask ${hex(bytes.subarray(-MASK_KEY_LENGTH)).replaceAll(' ', '')}` : ''
    const title = [opcodeName(header.opcode), ...bits, key, count(header.payloadLength, 'byte')]
    const { payloadLength: length } = header
    this.#pending = {
      title: title.filter((part) => part !== '').join(' '),
      header: hex(bytes),
      shown: [],
      length,
      missing: length,
    }
    if (length === 0) this.#finish(this.#pending)
  }

  #readPayload(bytes: Uint8Array, start: number, pending: Pending): number {
    const end = start + Math.min(pending.missing, bytes.length - start)
    pending.shown.push(...bytes.subarray(start, Math.min(end, start + SHOWN - pending.shown.length)))
    pending.missing -= end - start
    if (pending.missing === 0) this.#finish(pending)
    return end
  }

  #finish({ title, header, shown, length }: Pending): void {
    this.#pending = undefined
    const payload = length === 0 ? '' : ` | ${hex(Uint8Array.from(shown))}${length > shown.length ? ' …' : ''}`
    this.#tell(`${title}   ${header}${payload}`)
  }
}
