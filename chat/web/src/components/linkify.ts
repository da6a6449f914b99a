/** Cut a text into plain pieces and links. Nothing is ever treated as markup. */

export interface TextPiece {
  readonly text: string
  /** Set for links; http and https alone. */
  readonly href?: string
}

// A link ends at Chinese punctuation wherever it stands; other punctuation at its end belongs to the sentence.
const LINK = /https?:\/\/[^\s<>"'`，。；：！？、（）【】「」『』]{1,2000}/giu
const TRAILING = /[.,;:!?)\]}]+$/u

export function linkify(text: string): TextPiece[] {
  const pieces: TextPiece[] = []
  let from = 0
  for (const match of text.matchAll(LINK)) {
    const link = match[0].replace(TRAILING, '')
    if (!URL.canParse(link)) continue
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) })
    pieces.push({ text: link, href: link })
    from = match.index + link.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from) })
  return pieces
}
