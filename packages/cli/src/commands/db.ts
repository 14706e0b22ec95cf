import type { Command } from 'commander'
import { type ServiceOptions, withServiceOptions } from '../options.ts'

/** `errand db migrate`: brings the database to this version, ahead of a deployment. */
export function addDb(program: Command): void {
  const db = program.command('db').description('look after the database').helpCommand(false)
  const migrate = db
    .command('migrate')
    .description('bring the database to this version; serve, server and worker do so too when they start')
  withServiceOptions(migrate).action(async (options: ServiceOptions) => {
    const { migrateDatabase } = await import('../service/migrate-database.ts')
    await migrateDatabase(options)
  })
}
