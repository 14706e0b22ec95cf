import type { StoreConfig } from '@errand/task'
import { z } from 'zod'

const MIB = 2 ** 20

/** How much of an archive is accepted. All count what really comes out of it, not what it declares. */
export interface ArchiveLimits {
  /** Unpacked bytes in all. */
  totalBytes: number
  /** Files, folders and links in all. */
  members: number
  /** Unpacked bytes for each packed byte. */
  ratio: number
}

/** What the field's products accept, so that no archive that works elsewhere fails here. */
export const DEFAULT_LIMITS: ArchiveLimits = { totalBytes: 2048 * MIB, members: 50_000, ratio: 200 }

/** The ratio is not looked at before this much came out, in bytes: below it a bomb harms nobody, and tiny archives of padding reach any ratio. */
export const RATIO_FLOOR = MIB

/** Versions kept for each course, the current one included: enough to go back a term of weekly imports. */
export const DEFAULT_KEPT_VERSIONS = 20

/**
 * Days that a file lies in the store after nothing names it any more: longer than any import or export takes, and time to
 * notice that a version should not have been let go.
 */
export const DEFAULT_SWEEP_AFTER_DAYS = 7

const limitsSchema = z.strictObject({
  totalBytes: z.int().positive().default(DEFAULT_LIMITS.totalBytes),
  members: z.int().positive().default(DEFAULT_LIMITS.members),
  ratio: z.number().positive().default(DEFAULT_LIMITS.ratio),
})

const storeSchema: z.ZodType<StoreConfig> = z.object({ scheme: z.string() }).catchall(z.string())

/** What a platform can set for this pack, in its configuration under `packs`. */
export const courseOptionsSchema = z.strictObject({
  /** Where courses are kept. Default: where the platform keeps its data. */
  store: storeSchema.optional(),
  limits: limitsSchema.prefault({}),
  /** How many versions of each course are kept. */
  keptVersions: z.int().min(1).max(1_000).default(DEFAULT_KEPT_VERSIONS),
  /** Two at least: imports take what was written within a day for new. */
  sweepAfterDays: z.number().min(2).max(3_650).default(DEFAULT_SWEEP_AFTER_DAYS),
})

export type CourseOptions = z.output<typeof courseOptionsSchema>

/** The options as a step finds them in its context. */
export function optionsOf(context: { readonly options: unknown }): CourseOptions {
  return courseOptionsSchema.parse(context.options ?? {})
}
