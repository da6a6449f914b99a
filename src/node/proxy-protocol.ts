/**
 * The header that a load balancer puts in front of a connection to tell whose it is: the PROXY protocol, version 1 (a line
 * of text) and version 2 (binary), as HAProxy defines it in doc/proxy-protocol.txt, sections 2.1 and 2.2.
 */
import { isIP } from 'node:net'
import { plainAddress } from './ip-address.ts'

/** What a header says: the client's address, or none (a health check of the balancer itself), and its own length. */
export interface ProxyHeader {
  readonly address: string | undefined
  readonly length: number
}

const V1_PREFIX = Buffer.from('PROXY ')
/** 2.1: 107 bytes are enough for every line, its end included. */
const V1_LONGEST = 107
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** 2.2: signature, version and command, family, length. */
const V2_FIXED = 16
/** Addresses and what else a balancer tells; far more than any sends. */
const V2_LONGEST = 4096
const V2 = { version: 0x20, local: 0x0, proxy: 0x1, tcp4: 0x11, tcp6: 0x21 } as const

/** Read the header at the start of a connection: `undefined` as long as there is too little of it, `false` when it is none. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined | false {
  if (startsLike(bytes, V2_SIGNATURE)) return bytes.length < V2_FIXED ? undefined : readBinary(bytes)
  if (startsLike(bytes, V1_PREFIX)) return readLine(bytes)
  return false
}

/** Whether the bytes begin with a prefix, as far as they go. */
function startsLike(bytes: Buffer, prefix: Buffer): boolean {
  const length = Math.min(bytes.length, prefix.length)
  return bytes.subarray(0, length).equals(prefix.subarray(0, length))
}

function readLine(bytes: Buffer): ProxyHeader | undefined | false {
  const end = bytes.subarray(0, V1_LONGEST).indexOf('\r\n')
  if (end === -1) return bytes.length < V1_LONGEST ? undefined : false
  const [, family, source = '', destination = '', ...ports] = bytes.toString('latin1', 0, end).split(' ')
  const length = end + 2
  if (family === 'UNKNOWN') return { address: undefined, length }
  const wanted = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : undefined
  if (wanted === undefined || isIP(source) !== wanted || isIP(destination) !== wanted) return false
  return ports.length === 2 && ports.every(isPort) ? { address: plainAddress(source), length } : false
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535
}

function readBinary(bytes: Buffer): ProxyHeader | undefined | false {
  const command = bytes[12]! - V2.version
  const family = bytes[13]!
  const length = V2_FIXED + bytes.readUInt16BE(14)
  if ((command !== V2.local && command !== V2.proxy) || length > V2_LONGEST) return false
  if (bytes.length < length) return undefined
  if (command === V2.local) return { address: undefined, length }
  const body = bytes.subarray(V2_FIXED, length)
  if (family === V2.tcp4) return body.length < 12 ? false : { address: body.subarray(0, 4).join('.'), length }
  if (family === V2.tcp6) return body.length < 36 ? false : { address: ipv6Of(body), length }
  return { address: undefined, length }
}

function ipv6Of(body: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => body.readUInt16BE(index * 2).toString(16))
  return plainAddress(groups.join(':'))
}
