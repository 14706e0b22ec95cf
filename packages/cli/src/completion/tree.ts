import type { Command, Option } from 'commander'

/** A command as completion sees it. */
export interface CommandNode {
  /** Its words without `errand`: `['db', 'migrate']`; none for the program itself. */
  path: readonly string[]
  description: string
  flags: readonly FlagNode[]
  children: readonly CommandNode[]
}

/** A flag: `--state`, and what may stand behind it. */
export interface FlagNode {
  long: string
  description: string
  /** It wants a word behind it; `choices` are all there are, if that is known. */
  takesValue: boolean
  choices: readonly string[]
}

/** The commands and flags of a program, as it declares them: nothing that completes can be out of date. */
export function treeOf(command: Command, path: readonly string[] = []): CommandNode {
  const help: FlagNode = { long: '--help', description: 'show its help', takesValue: false, choices: [] }
  return {
    path,
    description: command.description(),
    flags: [...command.options.map(flagOf), help],
    children: command.commands.map((child) => treeOf(child, [...path, child.name()])),
  }
}

function flagOf({ argChoices = [], description, flags, long, optional, required }: Option): FlagNode {
  return { long: long ?? flags, description, takesValue: required || optional, choices: argChoices }
}

/** The command and everything below it. */
export function flatten(node: CommandNode): CommandNode[] {
  return [node, ...node.children.flatMap(flatten)]
}
