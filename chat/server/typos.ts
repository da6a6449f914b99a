/**
 * Variables of the environment that look like one of the server's, misspelt. Nobody would notice: `GUEST=off` leaves the door
 * open.
 */
import { ENVIRONMENT } from './config.ts'

/** A sentence for each variable that is probably meant to be another, which is not given itself. */
export function likelyTypos(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(ENVIRONMENT.map(({ name }) => name))
  return Object.keys(env).flatMap((name) => {
    if (known.has(name)) return []
    const meant = [...known].find((one) => env[one] === undefined && isAlmost(plain(name), plain(one)))
    return meant === undefined ? [] : `${name} is not read; is ${meant} meant?`
  })
}

const plain = (name: string): string => name.toUpperCase().replace(/[-_]/g, '')

/** Whether one character was left out, added, mistaken or swapped with its neighbour, at most. */
function isAlmost(a: string, b: string): boolean {
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const [restOfA, restOfB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  if (restOfA.length <= 1 && restOfB.length <= 1) return true
  return restOfA.length === 2 && restOfA === `${restOfB[1]}${restOfB[0]}`
}
