/** A task of another version, as {@link UpgradeOptions.migrate} gets and returns it. JSON throughout. */
export interface MigratedTask {
  /** As the new version's `input` accepts it. */
  input: Record<string, unknown>
  /** What completed steps returned, by name. Left out: as they were. */
  results?: Record<string, unknown>
}

/**
 * From an older version's input and results to this one's. It may be called again for the same task, and must do nothing
 * but compute. What it throws leaves the task where it is, waiting for its own version.
 *
 * @example
 * ```ts
 * migrate: ({ course_id, ...rest }, results) => ({ input: { ...rest, course: course_id }, results })
 * ```
 */
export type Migrate = (
  input: Readonly<Record<string, unknown>>,
  results: Readonly<Record<string, unknown>>,
  from: { version: number },
) => MigratedTask | Promise<MigratedTask>

/** What an author says about how a version comes into use, and what becomes of the tasks of older ones. */
export interface UpgradeOptions {
  /**
   * `on-register`: new tasks get this version as soon as a worker registers it for the first time. Default: when
   * somebody promotes it (the first version of a name is promoted by itself).
   */
  promote?: 'on-register'
  /**
   * Older versions whose open tasks this one takes over, once no worker serves them any more: between two steps, never
   * in the middle of one. What has completed stays completed; steps that are new here are run.
   */
  resumes?: readonly number[]
  /** Makes what a resumed version has left fit this one. Default: input and results are taken as they are. */
  migrate?: Migrate
}

/** The versions that are taken over, in order; `undefined` when there are none. */
export function resumedVersions(
  refuse: (why: string) => never,
  { version, resumes, migrate }: UpgradeOptions & { version: number },
): number[] | undefined {
  if (resumes === undefined || resumes.length === 0) {
    if (migrate !== undefined) refuse('has migrate, and resumes no version that could need it')
    return undefined
  }
  for (const older of resumes) {
    if (!Number.isInteger(older) || older < 1 || older >= version) {
      refuse(`resumes must name older versions, from 1 to ${version - 1}, got ${older}`)
    }
  }
  return [...new Set(resumes)].sort((a, b) => a - b)
}
