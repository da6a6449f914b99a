/** The log: one JSON object a line on standard output. Tokens and sessions never get into it. */
import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'

export type { Logger } from 'pino'

const SECRETS = ['token', 'session', 'secret', 'authorization', 'cookie']
const IN_TEXT = /(bearer[. ]|[?&](?:token|access_token)=)[^\s,&"']+/gi

/** Take secrets out of a text that a peer has sent: a request target, a header. */
export function redact(text: string): string {
  return text.replace(IN_TEXT, '$1[redacted]')
}

/** How every log of this program is made. */
export const LOG_OPTIONS = {
  redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
  serializers: {
    err: (error: unknown) => {
      const { name, message, stack } = pino.stdSerializers.err(error as Error)
      return { name, message: redact(message), stack: redact(stack) }
    },
    url: (url: unknown) => redact(String(url)),
  },
} as const

/** Make the log. */
export function createLog({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>, node: string): Logger {
  return pino({ ...LOG_OPTIONS, level: LOG_LEVEL, base: { node } })
}
