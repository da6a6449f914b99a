/** The environment of the server, read once and checked: every mistake is named, all of them at once. */
import * as v from 'valibot'

/** Each variable, its default and what it does: `npm start -- --help` prints this. */
export const ENVIRONMENT: readonly { name: string; value: string; about: string }[] = [
  { name: 'PORT', value: '3000', about: 'port of the page and of the sockets; 0 takes a free one' },
  { name: 'HOST', value: '127.0.0.1', about: 'address to listen on; 0.0.0.0 for all' },
  { name: 'INTERNAL_PORT', value: '', about: 'port of /healthz /readyz /metrics /version; empty: none' },
  { name: 'INTERNAL_HOST', value: '127.0.0.1', about: 'address of the internal port' },
  { name: 'ORIGINS', value: '', about: 'allowed origins, with commas; empty: the host of the request itself' },
  { name: 'STORE', value: 'file:chat/.data/chat.db', about: 'memory | file:PATH[?sync=full] | redis' },
  { name: 'REDIS_URL', value: '', about: 'redis://… ; given, it makes STORE=redis the default' },
  { name: 'ROOMS', value: 'general,random,help', about: 'rooms that are there from the start, name or name:title' },
  { name: 'GUESTS', value: 'on', about: 'on | off: let people in without a token' },
  { name: 'JWT_KEYS', value: '', about: 'a JSON Web Key Set; every key names its alg' },
  { name: 'JWKS_FILE', value: '', about: 'the same in a file, read again on SIGHUP' },
  { name: 'JWT_ISSUER', value: '', about: 'required iss of a token' },
  { name: 'JWT_AUDIENCE', value: '', about: 'required aud of a token' },
  { name: 'TLS_CERT', value: '', about: 'certificate chain (PEM file) for https and wss, read again on SIGHUP' },
  { name: 'TLS_KEY', value: '', about: 'its private key (PEM file)' },
  { name: 'DRAIN_MS', value: '20000', about: 'time over which SIGTERM spreads the goodbyes' },
  { name: 'TRUST_PROXY', value: 'off', about: 'on | off: take the address from X-Forwarded-For' },
  { name: 'MAX_CONNECTIONS', value: '50000', about: 'connections of this node' },
  { name: 'MAX_PER_ADDRESS', value: '50', about: 'connections of one address' },
  { name: 'WIRE', value: 'on', about: 'on | off: the wire inspector' },
  { name: 'LEGACY', value: 'on', about: 'on | off: the tutorial profiles under /legacy/' },
  { name: 'LOG_LEVEL', value: 'info', about: 'silent | fatal | error | warn | info | debug' },
  {
    name: 'NODE_NAME',
    value: '',
    about: 'name of this node, also in the path /wire/NAME of the inspector; empty: made up, /wire',
  },
]

/** One or more variables that cannot be used. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const whole = (least: number, most: number): v.GenericSchema<string, number> =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, `a whole number from ${least} to ${most} is required`),
    v.transform(Number),
    v.minValue(least, `at least ${least} is required`),
    v.maxValue(most, `at most ${most} is allowed`),
  )
const port = whole(0, 65_535)
const onOff = v.pipe(
  v.picklist(['on', 'off', '1', '0', 'true', 'false'], 'on or off is required'),
  v.transform((text) => text === 'on' || text === '1' || text === 'true'),
)
const list = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((part) => part.trim())),
  v.transform((parts) => parts.filter((part) => part !== '')),
)
const room = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9_-]{1,64}(:.{1,80})?$/, 'name or name:title is required, a name is 1-64 of a-z 0-9 _ -'),
  v.transform((text) => {
    const colon = text.indexOf(':')
    return colon === -1 ? { room: text, title: text } : { room: text.slice(0, colon), title: text.slice(colon + 1) }
  }),
)
const origin = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/[^/]+$/, 'an origin is required: https://chat.example.org, without a path'),
)

const Environment = v.object({
  PORT: port,
  HOST: v.pipe(v.string(), v.minLength(1)),
  INTERNAL_PORT: v.union(
    [
      v.pipe(
        v.literal(''),
        v.transform(() => undefined),
      ),
      port,
    ],
    'a port or nothing is required',
  ),
  INTERNAL_HOST: v.pipe(v.string(), v.minLength(1)),
  ORIGINS: v.pipe(list, v.array(origin)),
  STORE: v.pipe(
    v.string(),
    v.regex(/^(memory|redis|file:[^?]+(\?sync=(full|normal))?)$/, 'memory, redis or file:PATH is required'),
  ),
  REDIS_URL: v.pipe(v.string(), v.regex(/^$|^(rediss?|unix):\/\//, 'redis://host:port is required')),
  ROOMS: v.pipe(list, v.array(room)),
  GUESTS: onOff,
  JWT_KEYS: v.string(),
  JWKS_FILE: v.string(),
  JWT_ISSUER: v.string(),
  JWT_AUDIENCE: v.string(),
  TLS_CERT: v.string(),
  TLS_KEY: v.string(),
  DRAIN_MS: whole(0, 3_600_000),
  TRUST_PROXY: onOff,
  MAX_CONNECTIONS: whole(1, 1_000_000),
  MAX_PER_ADDRESS: whole(1, 1_000_000),
  WIRE: onOff,
  LEGACY: onOff,
  LOG_LEVEL: v.picklist(
    ['silent', 'fatal', 'error', 'warn', 'info', 'debug'],
    'silent, fatal, error, warn, info or debug is required',
  ),
  NODE_NAME: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{0,32}$/, 'up to 32 letters, digits, _ . - are allowed')),
})

export type Config = v.InferOutput<typeof Environment>

/**
 * Read the environment.
 * @throws ConfigError with one line for every variable that cannot be used.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(ENVIRONMENT.map(({ name, value }) => [name, env[name] ?? value]))
  if (env['STORE'] === undefined && given['REDIS_URL'] !== '') given['STORE'] = 'redis'
  const read = v.safeParse(Environment, given)
  const problems = read.success
    ? crossChecks(read.output)
    : read.issues.map((issue) => {
        const name = v.getDotPath(issue)?.split('.')[0] ?? ''
        return `${name}=${given[name] ?? ''}: ${issue.message}`
      })
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return read.output as Config
}

/** What no variable can tell alone. */
function crossChecks(config: Config): string[] {
  const problems: string[] = []
  if (config.STORE === 'redis' && config.REDIS_URL === '') problems.push('STORE=redis: REDIS_URL is required')
  if ((config.TLS_CERT === '') !== (config.TLS_KEY === '')) problems.push('TLS_CERT and TLS_KEY: both are required')
  if (config.JWT_KEYS !== '' && config.JWKS_FILE !== '') problems.push('JWT_KEYS and JWKS_FILE: only one is allowed')
  const tokens = config.JWT_KEYS !== '' || config.JWKS_FILE !== ''
  if (tokens && config.JWT_ISSUER === '') problems.push('JWT_ISSUER: required with JWT_KEYS or JWKS_FILE')
  if (tokens && config.JWT_AUDIENCE === '') problems.push('JWT_AUDIENCE: required with JWT_KEYS or JWKS_FILE')
  if (!tokens && !config.GUESTS) problems.push('GUESTS=off: JWT_KEYS or JWKS_FILE is required, or nobody could come in')
  if (config.ROOMS.length === 0) problems.push('ROOMS: at least one room is required')
  return problems
}
