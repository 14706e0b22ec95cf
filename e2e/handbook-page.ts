/** A block of code on a page of the handbook. */
export type Block =
  /** Lines for a shell; `terminal` 1 unless the page says another. */
  | { kind: 'shell'; terminal: number; lines: string[] }
  /** A file, whose path is the first line's comment. */
  | { kind: 'file'; path: string; text: string }

/**
 * What a reader types, in the order of the page: blocks of shell lines, and files.
 *
 * @throws {Error} on a block that says neither
 * @example
 * ```ts
 * blocksOf('```sh terminal=2\nnpx errand list\n```\n') // [{ kind: 'shell', terminal: 2, lines: ['npx errand list'] }]
 * ```
 */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)(?: terminal=(\d+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language, terminal = '1', text = '']) => {
      if (language === 'sh') return { kind: 'shell', terminal: Number(terminal), lines: text.trimEnd().split('\n') }
      const [, path] = /^\/\/ (\S+\.ts)\n/.exec(text) ?? []
      if (language === 'ts' && path !== undefined) return { kind: 'file', path, text }
      throw new Error(`A block of the page is neither shell lines nor a file with its path: ${text}`)
    },
  )
}
