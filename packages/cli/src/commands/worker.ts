import type { Command } from 'commander'
import { type ServiceOptions, withServiceOptions } from '../options.ts'
import { runService } from './run-lazily.ts'
import { withWorkOptions } from './serve.ts'

/** `errand worker PACK…`: a worker alone, on PostgreSQL. */
export function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .description('run a worker alone, on PostgreSQL (DATABASE_URL)')
    .argument('<packs...>', 'packages or folders of task definitions')
    .option('--name <name>', 'what errand workers calls it (default: by the machine)')
  withServiceOptions(withWorkOptions(command)).action(
    (packs: string[], options: ServiceOptions & { concurrency?: number; name?: string }) =>
      runService({ command: 'worker', packs, options }),
  )
}
