/** Describes the schemas in words, for the message catalogue of PROTOCOL.md. */
import type * as v from 'valibot'
import { CLOSE_MEANING, ChatClose, type ChatCloseName, closePolicy } from './close-codes.ts'
import { AbsentUser, Entry, LeftUser, PresencePage, PresentUser, RoomInfo, User } from './entities.ts'
import { AUTH_REASONS, CHAT_ERRORS, ErrorBody } from './error-codes.ts'
import { EVENTS } from './events.ts'
import { LIMITS } from './limits.ts'
import { REQUESTS } from './requests.ts'

/** What is read of a schema; valibot's own types differ from schema to schema. */
interface Shape {
  readonly type: string
  readonly entries?: Readonly<Record<string, Shape>>
  readonly wrapped?: Shape
  readonly item?: Shape
  readonly value?: Shape
  readonly options?: readonly (Shape | string)[]
  readonly literal?: unknown
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[]
}

/** What has a name of its own; described once. */
const THINGS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [User, 'User'],
  [Entry, 'Entry'],
  [PresentUser, 'PresentUser'],
  [PresencePage, 'PresencePage'],
  [AbsentUser, 'AbsentUser'],
  [LeftUser, 'LeftUser'],
  [RoomInfo, 'RoomInfo'],
  [ErrorBody, 'Error'],
])

/** Write a schema as a short type: `{cid: string, replyTo?: integer}`. */
export function describeSchema(schema: v.GenericSchema): string {
  return describe(schema as unknown as Shape)
}

function describe(shape: Shape): string {
  return THINGS.get(shape) ?? describeWhole(shape)
}

function describeWhole(shape: Shape): string {
  switch (shape.type) {
    case 'object':
      return describeObject(shape.entries ?? {})
    case 'array':
      return `[${describe(shape.item!)}]`
    case 'record':
      return `{name: ${describe(shape.value!)}}`
    case 'optional':
      return describe(shape.wrapped!)
    case 'literal':
      return JSON.stringify(shape.literal)
    case 'enum':
    case 'picklist':
      return (shape.options ?? []).map((option) => JSON.stringify(option)).join(' or ')
    case 'variant':
      return (shape.options ?? []).map((option) => describe(option as Shape)).join(' or ')
    case 'number':
      return describeNumber(shape)
    case 'string':
      return 'string'
    default:
      return shape.type
  }
}

function describeObject(entries: Readonly<Record<string, Shape>>): string {
  const fields = Object.entries(entries).map(
    ([name, field]) => `${name}${field.type === 'optional' ? '?' : ''}: ${describe(field)}`,
  )
  return fields.length === 0 ? '{}' : `{${fields.join(', ')}}`
}

function describeNumber({ pipe = [] }: Shape): string {
  const bound = (type: string): unknown => pipe.find((step) => step.type === type)?.requirement
  const whole = pipe.some((step) => step.type === 'integer' || step.type === 'safe_integer')
  const [least, most] = [bound('min_value'), bound('max_value')]
  const range = most === undefined ? '' : ` ${String(least)}-${String(most)}`
  return `${whole ? 'integer' : 'number'}${range}`
}

const row = (...cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** Write the catalogue: requests, events, errors, close codes, limits. */
export function describeCatalogue(): string {
  const lines = ['### Things', '']
  for (const [thing, name] of THINGS) lines.push(`- \`${name}\`: \`${describeWhole(thing as Shape)}\``)
  lines.push('', '### Requests', '')
  for (const [t, { about, room, open, d, reply }] of Object.entries(REQUESTS)) {
    const marks = [room ? 'names a room' : '', open ? 'also before auth' : ''].filter((mark) => mark !== '').join(', ')
    lines.push(`#### \`${t}\`${marks === '' ? '' : ` (${marks})`}`, '', about, '')
    lines.push(`- \`d\`: \`${describeSchema(d)}\``, `- reply \`d\`: \`${describeSchema(reply)}\``, '')
  }
  lines.push('### Events', '')
  for (const [t, { about, room, seq, d }] of Object.entries(EVENTS)) {
    const marks = [room ? 'names a room' : '', seq ? 'carries `seq`' : ''].filter((mark) => mark !== '').join(', ')
    lines.push(
      `#### \`${t}\`${marks === '' ? '' : ` (${marks})`}`,
      '',
      about,
      '',
      `- \`d\`: \`${describeSchema(d)}\``,
      '',
    )
  }
  lines.push('### Errors', '', row('Code', 'Name', 'Retry', 'Meaning'), row('---', '---', '---', '---'))
  for (const [name, { code, retry, meaning }] of Object.entries(CHAT_ERRORS)) {
    lines.push(row(String(code), `\`${name}\``, retry ? 'yes' : 'no', meaning))
  }
  lines.push('', '### Reasons of a refused `auth`', '', row('Reason', 'Meaning'), row('---', '---'))
  for (const [reason, meaning] of Object.entries(AUTH_REASONS)) lines.push(row(`\`${reason}\``, meaning))
  lines.push('', '### Close codes', '', row('Code', 'Name', 'The client', 'Meaning'), row('---', '---', '---', '---'))
  const policies = { stop: 'stops', backoff: 'backs off', now: 'comes back now, with jitter' }
  for (const [name, code] of Object.entries(ChatClose)) {
    lines.push(row(String(code), `\`${name}\``, policies[closePolicy(code)], CLOSE_MEANING[name as ChatCloseName]))
  }
  lines.push('', '### Limits', '', row('Name', 'Value'), row('---', '---:'))
  for (const [name, value] of Object.entries(LIMITS)) lines.push(row(`\`${name}\``, value.toLocaleString('en')))
  return lines.join('\n')
}
