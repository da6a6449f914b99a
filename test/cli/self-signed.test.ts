import { X509Certificate, createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'

const NOW = Date.UTC(2026, 4, 17, 12)

describe('the certificate made on the spot', () => {
  it('is an X.509 certificate of its own key (RFC 5280 4.1)', () => {
    const { key, cert } = makeSelfSigned(['127.0.0.1', 'localhost'], NOW)
    const certificate = new X509Certificate(cert)
    expect(certificate.subjectAltName).toBe('IP Address:127.0.0.1, DNS:localhost')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(new Date(certificate.validFrom).getTime()).toBe(NOW - 86_400_000)
    expect(new Date(certificate.validTo).getTime()).toBe(NOW + 30 * 86_400_000)
    expect(certificate.serialNumber).toMatch(/^40[0-9A-F]{30}$/)
  })

  it('says nothing about an IPv6 host, for which a name stands beside it', () => {
    const { cert } = makeSelfSigned(['::1', 'localhost'], NOW)
    expect(new X509Certificate(cert).subjectAltName).toBe('DNS:localhost')
  })

  it('carries a TLS connection for a client that trusts it', async () => {
    const { key, cert } = makeSelfSigned(['127.0.0.1', 'localhost'], Date.now())
    const server = createServer({ key, cert }, (socket) => socket.end('hello')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ca: cert })
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    expect(chunk.toString()).toBe('hello')
    expect(socket.authorized).toBe(true)
    socket.destroy()
    server.close()
  })
})
