/** Reads certificate and key. */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Config, ConfigError } from './config.ts'

/** `undefined` without TLS_CERT. A pair that does not fit is told before anything listens with it. */
export function readTls({
  TLS_CERT,
  TLS_KEY,
}: Pick<Config, 'TLS_CERT' | 'TLS_KEY'>): { cert: Buffer; key: Buffer } | undefined {
  if (TLS_CERT === '') return undefined
  try {
    const pair = { cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }
    createSecureContext(pair)
    return pair
  } catch (error) {
    throw new ConfigError(`TLS_CERT=${TLS_CERT}, TLS_KEY=${TLS_KEY}: ${(error as Error).message}`)
  }
}
