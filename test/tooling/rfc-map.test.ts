import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { drawMap } from '../../scripts/rfc-map.ts'
import { exceptions, requirements } from '../../scripts/rfc-requirements.ts'
import { Violations } from '../../src/protocol/violation.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string): string => (existsSync(root + file) ? readFileSync(root + file, 'utf8') : '')

describe('the map of the standard', () => {
  it('names code that is there', () => {
    const lost = requirements.filter(({ code = '' }) => {
      const [file = '', name = ''] = code.split('#')
      return !new RegExp(`\\b${name}\\b`).test(read(file))
    })
    expect(lost.map(({ code }) => code)).toEqual([])
  })

  it('names tests that are there and cite the standard', () => {
    const lost = requirements.filter(({ test = '' }) => !read(test).includes('RFC '))
    expect([...new Set(lost.map(({ test }) => test))]).toEqual([])
  })

  it('leaves no section out in which a violation stands', () => {
    const sections = new Set(requirements.map(({ rfc, section }) => `RFC ${rfc} ${section}`))
    for (const { section, id } of Object.values(Violations)) {
      const isThere = [...sections].some((known) => known === section || known.startsWith(`${section}.`))
      expect(isThere, `${id} of ${section}`).toBe(true)
    }
  })

  it('says why a rule is not held, wherever one is not', () => {
    for (const { exception } of exceptions) expect(exception).toMatch(/\w{3}/)
    for (const { code, test } of requirements) expect([code, test]).not.toContain(undefined)
  })

  it('is the one in docs/rfc-map.md', () => {
    expect(read('docs/rfc-map.md'), 'npm run docs writes it anew').toBe(drawMap())
  })
})
