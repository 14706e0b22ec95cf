import { type CommandNode, type FlagNode, flatten } from './tree.ts'

/** The shells that are known. */
export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** A script that a shell reads to complete the command: its commands, its flags, and the values of those that have a few. */
export function completionScript(shell: Shell, root: CommandNode): string {
  if (shell === 'fish') return fish(root)
  // zsh runs bash's functions when it is asked to.
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash(root)}` : bash(root)
}

/**
 * Written so that zsh reads it as bash does: it takes a bare name behind `:` for a modifier.
 *
 * All words are names that the program itself has: letters, digits and hyphens, which no shell reads otherwise.
 */
function bash(root: CommandNode): string {
  const all = flatten(root)
  const words = all.flatMap(({ path }) => (path.length === 0 ? [] : [`"${path.join(' ')}"`]))
  const valued = [...new Set(all.flatMap(({ flags }) => flags.filter(takesAny).map(({ long }) => long)))]
  const choices = all.flatMap(({ flags, path }) =>
    flags.filter(({ choices }) => choices.length > 0).map(({ choices, long }) => ({ at: [...path, long], choices })),
  )
  return `# Completes errand. In ~/.bashrc: source <(errand completion bash)
_errand() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" at="" each
  for each in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case "\${at:+$at }$each" in
      ${words.join('|')}) at="\${at:+$at }$each" ;;
    esac
  done
  COMPREPLY=()
  case "\${at:+$at }$before" in
${choices.map(({ at, choices }) => `    "${at.join(' ')}") COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$word")); return ;;`).join('\n')}
  esac
  case "$before" in
    ${valued.join('|')}) return ;;
  esac
  case "$at" in
${all.map((node) => `    "${node.path.join(' ')}") COMPREPLY=($(compgen -W "${wordsOf(node).join(' ')}" -- "$word")) ;;`).join('\n')}
  esac
}
complete -o default -F _errand errand
`
}

/** What may be anything: a path, a number. The shell's own completion does the rest. */
const takesAny = ({ choices, takesValue }: FlagNode) => takesValue && choices.length === 0

function wordsOf({ children, flags }: CommandNode): string[] {
  return [...children.map(({ path }) => path.at(-1) ?? ''), ...flags.map(({ long }) => long)]
}

function fish(root: CommandNode): string {
  const lines = flatten(root).flatMap(({ children, flags, path }) => {
    const here = conditionOf(path, children)
    return [
      ...children.map(
        (child) => `complete -c errand -n ${here} -f -a ${child.path.at(-1)} -d ${quoted(child.description)}`,
      ),
      ...flags.map(({ choices, description, long, takesValue }) => {
        const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : ''
        return `complete -c errand -n ${here} -l ${long.slice(2)}${value} -d ${quoted(description)}`
      }),
    ]
  })
  return `# Completes errand. Once: errand completion fish > ~/.config/fish/completions/errand.fish\n${lines.join('\n')}\n`
}

/** All words of the command have been said, and none of those below it. */
function conditionOf(path: readonly string[], children: readonly CommandNode[]): string {
  const said = path.map((word) => `__fish_seen_subcommand_from ${word}`)
  const below = children.map((child) => child.path.at(-1)).join(' ')
  const not = below === '' ? [] : [`not __fish_seen_subcommand_from ${below}`]
  return quoted([...said, ...not].join('; and '))
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
