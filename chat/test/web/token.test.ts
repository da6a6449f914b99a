import { describe, expect, it } from 'vitest'
import { cleanToken, TOKEN_MOST, tokenProblem } from '../../web/src/client/token.ts'

describe('a pasted token', () => {
  it('loses what copying adds', () => {
    expect(cleanToken('  Bearer eyJ.a\n b.c-_ ')).toBe('eyJ.ab.c-_')
  })

  it.each([
    ['', 'missing'],
    ['one', 'shape'],
    ['a.b', 'shape'],
    ['a.b.c.d', 'shape'],
    ['a..c', 'shape'],
    ['a.b+.c', 'shape'],
    [`${'a'.repeat(TOKEN_MOST)}.b.c`, 'tooLong'],
    ['eyJ0.e30.x-_9', undefined],
    [`${'a'.repeat(TOKEN_MOST - 4)}.b.c`, undefined],
  ])('is looked at before it is sent: %#', (token, problem) => {
    expect(tokenProblem(token)).toBe(problem)
  })
})
