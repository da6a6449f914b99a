import { describe, expect, it } from 'vitest'
import { AUTH_REASONS, CHAT_ERRORS } from '../../protocol/error-codes.ts'
import { ChatClose } from '../../protocol/close-codes.ts'
import { en } from '../../web/src/i18n/en.ts'
import { zh } from '../../web/src/i18n/zh.ts'
import { RULES, ruleInChinese } from '../../web/src/study/rules-zh.ts'
import { Violations } from '../../web/src/wire/codec.ts'

const HAN = /\p{Script=Han}/u
/** What is the same in every language: names, examples, and words of the RFC. */
const SAME = new Set(['lang', 'token.placeholder', 'inspector.columns.fin'])

/** Every sentence by its place; those with gaps are filled with numbers. */
function sentences(words: object, place = ''): [place: string, text: string][] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    const here = place === '' ? key : `${place}.${key}`
    if (typeof value === 'string') return [[here, value]]
    if (typeof value === 'function') return [[here, String((value as (...gaps: unknown[]) => string)(3, 2))]]
    return sentences(value as object, here)
  })
}

describe('the Chinese page', () => {
  it('has Chinese words for everything that has English ones', () => {
    const chinese = new Map(sentences(zh))
    expect([...chinese.keys()]).toEqual(sentences(en).map(([place]) => place))
    for (const [place, text] of chinese) if (!SAME.has(place)) expect(text, place).toMatch(HAN)
  })

  it('has words for every error, every close code and every reason of the protocol', () => {
    for (const name of Object.keys(CHAT_ERRORS)) expect(zh.errors[name as keyof typeof zh.errors], name).toMatch(HAN)
    for (const name of Object.keys(AUTH_REASONS)) {
      expect(zh.refused[name as keyof typeof zh.refused], name).toMatch(HAN)
    }
    for (const name of Object.keys(ChatClose)) expect(zh.closes[name as keyof typeof zh.closes], name).toMatch(HAN)
  })

  it('explains every registered close code, and the ranges', () => {
    for (const code of [...Array.from({ length: 16 }, (_, n) => 1000 + n), 0, 2999, 3000, 4000, 5000]) {
      expect(zh.frame.closeMeaning(code), String(code)).toMatch(HAN)
    }
    expect(zh.frame.closeMeaning(3999)).not.toBe(zh.frame.closeMeaning(4000))
    expect(en.frame.closeMeaning(1002)).toBe('protocol error')
  })

  it('has every rule of the catalogue, found by its id', () => {
    expect(Object.keys(RULES)).toEqual(Object.keys(Violations))
    for (const row of Object.values(Violations)) expect(ruleInChinese(row), row.id).toMatch(HAN)
    expect(ruleInChinese({ id: 'none', section: '', closeCode: 1002, rule: '' })).toBeUndefined()
  })
})
