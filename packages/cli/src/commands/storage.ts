import type { ScopeUsage } from '@errand/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { table } from '../format/table.ts'
import { bytes } from '../format/units.ts'
import { type RemoteOptions, type ServiceOptions, withRemoteOptions, withServiceOptions } from '../options.ts'
import { processOutput } from '../output.ts'

/** `errand storage check [NAME]` proves that the configured storages work; `errand storage usage` says what takes how much. */
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

  withRemoteOptions(storage.command('usage').description('what the outputs of each scope take; the most first')).action(
    async (options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const scopes = await client.storageUsage()
      if (options.json) return output.json(scopes)
      if (scopes.length === 0) return output.note('Nothing is stored.')
      const columns = [
        { title: 'SCOPE', value: (one: ScopeUsage) => (one.scope === '' ? '(none)' : one.scope) },
        { title: 'FILES', value: (one: ScopeUsage) => String(one.files), align: 'right' as const },
        { title: 'SIZE', value: (one: ScopeUsage) => bytes(one.bytes), align: 'right' as const },
        {
          title: 'QUOTA',
          value: (one: ScopeUsage) => (one.quota === null ? '' : bytes(one.quota)),
          align: 'right' as const,
        },
      ]
      output.print(table(columns, scopes))
    },
  )
}
