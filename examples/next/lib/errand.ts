import { type Errand, openErrand } from '../../platform/errand.ts'

// Next loads a module anew when its source changes, and once for each bundle; the engine must be one for the process.
declare global {
  var errandOfPlatform: Promise<Errand> | undefined
}

/** The engine and its API, opened when they are first asked for: building the pages needs no database. */
export function errand(): Promise<Errand> {
  globalThis.errandOfPlatform ??= openErrand({
    databaseUrl: process.env.DATABASE_URL ?? '',
    filesFolder: process.env.FILES_FOLDER ?? 'files',
  })
  return globalThis.errandOfPlatform
}
