import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkify } from '../../web/src/components/linkify.ts'

const links = (text: string): string[] => linkify(text).flatMap(({ href }) => href ?? [])

describe('linkify', () => {
  it('finds http and https, without the punctuation of the sentence', () => {
    expect(links('See https://a.example/x?y=1#z, (http://b.example). Done')).toEqual([
      'https://a.example/x?y=1#z',
      'http://b.example',
    ])
    expect(links('看 https://a.example/路，好')).toEqual(['https://a.example/路'])
  })

  it('makes no link of anything that could run', () => {
    expect(links('javascript:alert(1) data:text/html,x <a href="https://">x</a> vbscript:x')).toEqual([])
  })

  it('loses no character of any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        (text) =>
          linkify(`${text} https://a.example. ${text}`)
            .map((piece) => piece.text)
            .join('') === `${text} https://a.example. ${text}`,
      ),
    )
  })
})
