import type { Command } from 'commander'
import { type ServiceOptions, withServiceOptions } from '../options.ts'
import { runService } from './run-lazily.ts'
import { type ListenFlags, withListenOptions } from './serve.ts'

/** `errand server`: the HTTP API alone, on PostgreSQL. */
export function addServer(program: Command): void {
  const command = program.command('server').description('run a server alone, on PostgreSQL (DATABASE_URL)')
  withServiceOptions(withListenOptions(command)).action((options: ServiceOptions & ListenFlags) =>
    runService({ command: 'server', packs: [], options }),
  )
}
