/** Which build is measured: `dist`, or the folder that BAREWIRE_DIST names. */
import { fileURLToPath, pathToFileURL } from 'node:url'

export const distFolder: string = process.env['BAREWIRE_DIST'] ?? fileURLToPath(new URL('../dist', import.meta.url))

/** The address of a built file, to be imported. */
export function distUrl(path: string): string {
  return pathToFileURL(`${distFolder}/${path}`).href
}
