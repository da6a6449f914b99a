import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { isThenable } from '../../src/node/thenable.ts'

describe('A promise', () => {
  it.each<[string, unknown]>([
    ['of this realm', Promise.resolve()],
    ['of another', runInNewContext('Promise.resolve()')],
    ['of a library', runInNewContext('({ then() {} })')],
    ['that is a function', runInNewContext('Object.assign(() => {}, { then() {} })')],
  ])('is known by its then: one %s', (_name, value) => {
    expect(isThenable(value)).toBe(true)
  })

  it.each(['undefined', 'null', 'true', '0', '"then"', '({})', '({ then: "later" })', '() => {}'])(
    'is not %s',
    (source) => {
      expect(isThenable(runInNewContext(source))).toBe(false)
    },
  )
})
