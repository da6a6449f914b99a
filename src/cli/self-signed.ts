/**
 * Makes a certificate for a server on this machine that nobody has to trust: X.509 v3 (RFC 5280 4.1), an ECDSA key on
 * P-256, a few days' life, written out in DER (X.690) by hand because Node reads certificates but makes none.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** Tags of DER. X.690 8. */
const Tag = {
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  UtcTime: 0x17,
  Sequence: 0x30,
  Set: 0x31,
  /** RFC 5280 4.1: version is [0], the extensions are [3], both explicit. */
  Version: 0xa0,
  Extensions: 0xa3,
  /** RFC 5280 4.2.1.6: in a GeneralName, dNSName is [2] and iPAddress is [7]. */
  DnsName: 0x82,
  IpAddress: 0x87,
} as const

/** Object identifiers, already encoded. */
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex') // 1.2.840.10045.4.3.2, RFC 5758 3.2
const COMMON_NAME = Buffer.from('550403', 'hex') // 2.5.4.3
const SUBJECT_ALT_NAME = Buffer.from('551d11', 'hex') // 2.5.29.17

const DAY_MS = 86_400_000

/** One element: tag, length in its shortest form (X.690 10.1), content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content])
  const size = content.length < 0x100 ? [content.length] : [content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.of(tag, 0x80 | size.length, ...size), content])
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return der(Tag.UtcTime, Buffer.from(digits.slice(2)))
}

function generalName(host: string): Buffer {
  if (isIP(host) === 4) return der(Tag.IpAddress, Buffer.from(host.split('.').map(Number)))
  return der(Tag.DnsName, Buffer.from(host))
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/**
 * Make a key and a certificate for it, both in PEM.
 * `hosts` are names or IPv4 addresses; `now` is in milliseconds and the certificate holds from a day before to 30 days after.
 */
export function makeSelfSigned(hosts: readonly string[], now: number): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(Tag.Sequence, der(Tag.ObjectIdentifier, ECDSA_WITH_SHA256))
  const name = der(
    Tag.Sequence,
    der(
      Tag.Set,
      der(Tag.Sequence, der(Tag.ObjectIdentifier, COMMON_NAME), der(Tag.Utf8String, Buffer.from('barewire'))),
    ),
  )
  const altNames = der(Tag.OctetString, der(Tag.Sequence, ...hosts.filter((host) => isIP(host) !== 6).map(generalName)))
  const extension = der(Tag.Sequence, der(Tag.ObjectIdentifier, SUBJECT_ALT_NAME), altNames)
  // RFC 5280 4.1.2.2: a serial number is positive and at most 20 bytes; 0x40 keeps the sign bit clear and the first byte nonzero.
  const serial = Buffer.concat([Buffer.of(0x40), randomBytes(15)])
  const toBeSigned = der(
    Tag.Sequence,
    der(Tag.Version, der(Tag.Integer, Buffer.of(2))),
    der(Tag.Integer, serial),
    algorithm,
    name,
    der(Tag.Sequence, utcTime(now - DAY_MS), utcTime(now + 30 * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(Tag.Extensions, der(Tag.Sequence, extension)),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  const certificate = der(Tag.Sequence, toBeSigned, algorithm, der(Tag.BitString, Buffer.of(0), signature))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', certificate),
  }
}
