/** Reads YAML with the parser that prettier brings: maps, lists, scalars, anchors and `<<`, which is what compose files use. */
import { parsers } from 'prettier/plugins/yaml'

interface Node {
  readonly type: string
  readonly value?: string
  readonly children?: readonly (Node | null)[]
  readonly anchor?: Node | null
}

/** Scalars come as strings. */
export async function readYaml(text: string): Promise<unknown> {
  const root = (await parsers.yaml.parse(text, {} as never)) as Node
  const anchors = new Map<string, unknown>()

  function read(node: Node | null | undefined): unknown {
    if (node === null || node === undefined) return null
    const value = plain(node)
    if (node.anchor?.value !== undefined) anchors.set(node.anchor.value, value)
    return value
  }

  function plain({ type, value, children = [] }: Node): unknown {
    switch (type) {
      case 'mapping':
      case 'flowMapping': {
        const map: Record<string, unknown> = {}
        for (const item of children) {
          const [key, held] = item!.children!.map((half) => read(half?.children?.[0]))
          // What is written here wins over what is merged in.
          if (key === '<<') Object.assign(map, { ...(held as object), ...map })
          else map[String(key)] = held
        }
        return map
      }
      case 'sequence':
      case 'flowSequence':
        return children.map((item) => (item!.type.endsWith('Item') ? read(item!.children![0]) : read(item)))
      case 'alias':
        if (!anchors.has(value!)) throw new Error(`*${value} has no anchor`)
        return anchors.get(value!)
      default:
        if (value === undefined) throw new Error(`a node of type ${type} is not read here`)
        return value
    }
  }

  const body = root.children![0]!.children!.find((child) => child!.type === 'documentBody')
  return read(body!.children![0])
}
