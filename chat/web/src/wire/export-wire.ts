/** All that is kept of the wire, as a file: the handshake and each frame with its bytes in hex. */
import { opcodeName, toHex } from './frame-fields.ts'
import type { WireItem } from './wire-log.ts'
import type { Tapped } from './wire-tap.ts'

/** How long the browser may take to begin the download, in milliseconds. */
const DOWNLOAD_TIME = 1000

export function wireAsJson(handshake: Tapped | undefined, items: readonly WireItem[]): string {
  return JSON.stringify({ handshake, frames: items.map(describe) }, undefined, 2)
}

function describe(item: WireItem): object {
  if (item.kind !== 'frame') return { mark: item.kind, time: item.time, text: item.text }
  const { header } = item.frame
  return {
    number: item.number,
    from: item.direction === 'in' ? 'client' : 'server',
    time: item.time,
    opcode: opcodeName(header.opcode),
    fin: header.fin,
    hex: toHex(item.bytes, ''),
  }
}

export function download(json: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([json], { type: 'application/json' }))
  link.download = `wire-${new Date().toISOString().replaceAll(':', '-')}.json`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_TIME)
}
