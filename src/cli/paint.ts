/**
 * Colours for a terminal, plain text for a pipe. ECMA-48 8.3.117 (SGR), https://no-color.org.
 */

/** What is painted, each with the parameter of its Select Graphic Rendition sequence. */
const SGR = {
  plain: '',
  bold: '1',
  dim: '2',
  fin: '36',
  rsv: '35',
  opcode: '33',
  mask: '32',
  length: '34',
  payload: '39',
  key: '32;1',
  good: '32;1',
  bad: '31;1',
  client: '36',
  server: '35',
} as const
export type Tint = keyof typeof SGR

/** Paint a piece of text, or leave it as it is. */
export type Paint = (tint: Tint, text: string) => string

/** Make the painter; without `enabled` every text stays plain. */
export function createPaint(enabled: boolean): Paint {
  if (!enabled) return (_tint, text) => text
  return (tint, text) => (tint === 'plain' || text === '' ? text : `\u001b[${SGR[tint]}m${text}\u001b[0m`)
}

/** Decide from the stream and the environment; `asked` is what the user said, if anything. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
  asked: boolean | undefined,
): boolean {
  if (asked !== undefined) return asked
  const { NO_COLOR: noColour, TERM: term } = env
  return stream.isTTY === true && (noColour === undefined || noColour === '') && term !== 'dumb'
}
