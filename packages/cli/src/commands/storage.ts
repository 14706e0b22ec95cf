import type { Command } from 'commander'
import { type ServiceOptions, withServiceOptions } from '../options.ts'

/** `errand storage check [NAME]`: proves that the configured storages work. */
export function addStorage(program: Command): void {
  const storage = program.command('storage').description('look after the storages').helpCommand(false)
  const check = storage
    .command('check')
    .description('write, read, list and delete in each storage of the configuration; exit 1 when one does not work')
    .argument('[name]', 'one of them; without it, all')
  withServiceOptions(check).action(async (name: string | undefined, options: ServiceOptions) => {
    const { checkStorages } = await import('../service/check-storages.ts')
    await checkStorages(name, options)
  })
}
