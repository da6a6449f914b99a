export interface Layer {
  readonly floor: number
  readonly imports: readonly string[]
  readonly node: readonly string[] | true
}
export const LAYERS: Readonly<Record<string, Layer>>
export function moduleNames(text: string): { name: string; line: number }[]
export function checkLayers(sources: Iterable<readonly [file: string, text: string]>): string[]
