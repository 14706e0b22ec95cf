import { type CommandNode, flatten, treeOf } from '../packages/cli/src/completion/tree.ts'
import { buildProgram } from '../packages/cli/src/program.ts'

const commands = flatten(treeOf(buildProgram().program))

/**
 * What is wrong with a command line, given as its words behind `errand`; nothing where it is right. Values are not looked at.
 *
 * @example
 * ```ts
 * wrongWords(['server', '--colour']) // ['errand server has no --colour']
 * ```
 */
export function wrongWords(words: readonly string[]): string[] {
  const isPrefix = ({ path }: CommandNode) => path.every((word, at) => words[at] === word)
  const command = commands.filter(isPrefix).toSorted((a, b) => b.path.length - a.path.length)[0]
  const isFlag = (word: string) => word.startsWith('--')
  const isKnown = (flag: string) => command?.flags.some(({ long }) => long === flag) ?? false
  // The program itself does nothing; a word behind a group of commands is one of them.
  const [next] = words.slice(command?.path.length ?? 0)
  if (
    command === undefined ||
    (command.children.length > 0 && next !== undefined && !isFlag(next) && !takesWord(command))
  )
    return [`there is no command errand ${words.join(' ')}`]
  return words
    .filter((word) => isFlag(word) && !isKnown(word))
    .map((flag) => `${['errand', ...command.path].join(' ')} has no ${flag}`)
}

/** `errand definitions NAME` beside `errand definitions promote`. */
function takesWord({ path }: CommandNode): boolean {
  return path.length > 0 && !/^(db|storage|retention|tokens)$/.test(path.join(' '))
}

/** Every `errand …` of a page: in its blocks for shells, and in code within its lines. */
export function commandLines(page: string): string[][] {
  const blocks = [...page.matchAll(/^ *```sh[^\n]*\n([\s\S]*?)^ *```$/gm)].map(([, text = '']) =>
    text.replaceAll(/\\\n/g, ' '),
  )
  const rest = page.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
  const inline = [...rest.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text.replaceAll(/\s+/g, ' '))
  return [...blocks.flatMap((block) => block.split('\n')), ...inline].flatMap((line) =>
    [...line.matchAll(/(?:^|npx |&& |\()errand ([a-z-][^#|;&)]*)/g)].map(([, words = '']) => words.trim().split(/\s+/)),
  )
}
