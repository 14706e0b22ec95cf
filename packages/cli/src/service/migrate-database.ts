import { loadConfig } from '../config/load.ts'
import type { ServiceOptions } from '../options.ts'
import { Closing } from './closing.ts'
import { holdFolder } from './hold-folder.ts'
import { createLogger } from './logger.ts'
import { openEngine } from './open-engine.ts'

/** Opening the engine migrates its database: nothing else is done. */
export async function migrateDatabase(options: ServiceOptions): Promise<void> {
  const { data, logLevel } = options
  const { config } = await loadConfig({
    cwd: process.cwd(),
    environment: process.env,
    file: options.config,
    flags: { data, logLevel },
  })
  const closing = new Closing()
  try {
    if (config.database === undefined) closing.add(await holdFolder(config.data))
    const engine = await openEngine(config, createLogger(config.logLevel, options.json === true))
    closing.add(() => engine.close())
    const done = options.json
      ? JSON.stringify({ database: engine.database, migrated: true })
      : 'The database is up to date.'
    process.stdout.write(`${done}\n`)
  } finally {
    await closing.run()
  }
}
