import { Argument, type Command } from 'commander'
import { completionScript, type Shell, shells } from '../completion/scripts.ts'
import { treeOf } from '../completion/tree.ts'

/** `errand completion SHELL`: a script with which the shell completes the command. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script with which a shell completes this command')
    .addArgument(new Argument('<shell>', 'in ~/.bashrc: source <(errand completion bash)').choices(shells))
    .action((shell: Shell) => void process.stdout.write(completionScript(shell, treeOf(program))))
}
