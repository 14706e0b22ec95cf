import { type Command, Option } from 'commander'
import { type ServiceOptions, wholeNumber, withServiceOptions } from '../options.ts'
import { runService } from './run-lazily.ts'

export interface ListenFlags {
  port?: number
  host?: string
}

/** The flags of every command that listens. */
export function withListenOptions(command: Command): Command {
  const port = new Option('--port <n>', 'the port to listen on; 0 takes a free one (default: 4400)')
  return command
    .addOption(port.argParser(wholeNumber('--port', 0, 65_535)))
    .option('--host <address>', 'the address to listen on (default: 127.0.0.1)')
}

/** The flag of every command that works. */
export function withWorkOptions(command: Command): Command {
  const concurrency = new Option('--concurrency <n>', 'steps at once (default: by the machine, at least 4)')
  return command.addOption(concurrency.argParser(wholeNumber('--concurrency', 1, 256)))
}

/** `errand serve [PACK…]`: server and worker in one process. */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('run a server and a worker in one process; PostgreSQL by DATABASE_URL, else an embedded database')
    .argument(
      '[packs...]',
      'packages or folders of task definitions (default: @errand/course and @errand/grade-report)',
    )
  withServiceOptions(withWorkOptions(withListenOptions(command))).action(
    (packs: string[], options: ServiceOptions & ListenFlags & { concurrency?: number }) =>
      runService({ command: 'serve', packs, options }),
  )
}
