import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PROTOCOL_FILE, withCatalogue } from '../../scripts/protocol.ts'

it('PROTOCOL.md holds the catalogue that the schemas make; npx tsx chat/scripts/protocol.ts writes it anew', () => {
  const text = readFileSync(PROTOCOL_FILE, 'utf8')
  expect(text).toBe(withCatalogue(text))
})
