import { defaults } from '../config/defaults.ts'
import type { Config, PackUse } from '../config/schema.ts'

/** A pack as the worker takes it. */
export interface ResolvedPack {
  use: string | URL
  options?: unknown
}

/**
 * The packs to run: those on the command line, with the options the configuration has for them; else the
 * configuration's; else the default.
 */
export function packsToRun(named: readonly string[], config: Pick<Config, 'packs'>): ResolvedPack[] {
  const configured = config.packs ?? []
  if (named.length > 0) return named.map((use) => resolvePack(configured.find((pack) => pack.use === use) ?? { use }))
  const packs: readonly PackUse[] = configured.length > 0 ? configured : defaults.packs.map((use) => ({ use }))
  return packs.map(resolvePack)
}

/** Packs that come with the command are found from it, so that they run in any folder. */
function resolvePack({ use, options }: PackUse): ResolvedPack {
  const own = (defaults.packs as readonly string[]).includes(use)
  return { use: own ? new URL(import.meta.resolve(use)) : use, ...(options === undefined ? {} : { options }) }
}
