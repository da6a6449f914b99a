/** Reads the parts of a Markdown document that a test can hold to its word: code blocks and links. */

export interface CodeBlock {
  readonly language: string
  readonly text: string
  /** Line of the document on which the code begins, from 1. */
  readonly line: number
}

/** The fenced code blocks of a document. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? '',
    text: match[2] ?? '',
    line: markdown.slice(0, match.index).split('\n').length + 1,
  }))
}

/** Where the links and pictures of a document lead, code blocks left out. */
export function links(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
}
