import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addArtifacts } from './commands/artifacts.ts'
import { addCancel } from './commands/cancel.ts'
import { addCompletion } from './commands/completion.ts'
import { addDb } from './commands/db.ts'
import { addDefinitions } from './commands/definitions.ts'
import { addDelete } from './commands/delete.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDownload } from './commands/download.ts'
import { addList } from './commands/list.ts'
import { addLogin } from './commands/login.ts'
import { addNew } from './commands/new.ts'
import { addConcurrency, addPause, addResume } from './commands/pause.ts'
import { addRetention } from './commands/retention.ts'
import { addRetry } from './commands/retry.ts'
import { addSchedules } from './commands/schedules.ts'
import { addServe } from './commands/serve.ts'
import { addServer } from './commands/server.ts'
import { addShow } from './commands/show.ts'
import { addStart } from './commands/start.ts'
import { addStorage } from './commands/storage.ts'
import { addTokens } from './commands/tokens.ts'
import { addWatch } from './commands/watch.ts'
import { addWorker } from './commands/worker.ts'
import { addWorkers } from './commands/workers.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** The whole command line, and the name of the command in hand: `errand start`. */
export function buildProgram(): { program: Command; running: () => string } {
  const program = new Command('errand')
    .description('Long-running tasks that users start, watch, and come back to.')
    .version(version)
    .exitOverride()
    // Errors are written by main, in one form; help that was asked for goes to standard output.
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .helpCommand(false)

  let current: Command = program
  const commands = [
    addServe,
    addServer,
    addWorker,
    addStart,
    addList,
    addShow,
    addWatch,
    addCancel,
    addRetry,
    addDelete,
    addPause,
    addResume,
    addConcurrency,
    addArtifacts,
    addDownload,
    addDefinitions,
    addWorkers,
    addSchedules,
    addNew,
    addLogin,
    addTokens,
    addDoctor,
    addDb,
    addStorage,
    addRetention,
    addCompletion,
  ]
  for (const add of commands) add(program)
  program.addHelpText('after', HELP)
  for (const command of [program, ...program.commands]) {
    command.hook('preSubcommand', (_, subcommand) => {
      current = subcommand
    })
  }
  return { program, running: () => nameOf(current) }
}

const HELP = `
Begin with: errand serve, and in another terminal: errand definitions
Exit codes: 0 done, 1 failed, 2 canceled, 64 wrong usage, 69 no server, 77 not permitted, 78 wrong configuration`

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()
}
