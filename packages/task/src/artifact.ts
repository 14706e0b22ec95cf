/** How long an output is kept. The earliest rule that applies ends it. */
export type KeepRule =
  | 'forever'
  | {
      /** Days after it became available. */
      days?: number
      /** Until this moment, ISO 8601 with a zone. */
      until?: string
      /** Until what the task is about ends; the platform is asked for the date. */
      scopeEnd?: true
      /** Gone after the first complete download. */
      once?: true
    }

/** Who, besides whoever started the task, may download it: nobody, the scope's team, or staff alone. */
export type Visibility = 'owner' | 'team' | 'staff'

/** What an author says about an output. */
export interface ArtifactOptions<Input> {
  /** In the user's words: "Course archive". Default: the slot's name. */
  title?: string
  /** The name it is downloaded under. Default: the slot's name. */
  filename?: string | ((input: Input) => string)
  /** RFC 6838 media type. Default `application/octet-stream`. */
  mediaType?: string
  /** Default `owner`. */
  visibility?: Visibility
  /** Default 30 days. */
  keep?: KeepRule
}

/** Long enough to find it after a holiday, short enough that nobody keeps an archive by accident. */
export const DEFAULT_KEEP: KeepRule = { days: 30 }

/**
 * An output of a task: a named slot that a step writes a file into.
 *
 * @example
 * ```ts
 * artifacts: {
 *   report: artifact({ filename: ({ course }) => `${course}-grades.csv`, mediaType: 'text/csv', keep: { days: 90 } }),
 * }
 * ```
 */
export function artifact<Input = Readonly<Record<string, unknown>>>(
  options: ArtifactOptions<Input> = {},
): ArtifactOptions<Input> {
  return options
}

/** What an author says about a file the user hands in. */
export interface UploadOptions {
  /** In the user's words: "Course archive". Default: the upload's name. */
  title?: string
  /** File name endings that make sense, shown to the user: `['.tar.gz', '.zip']`. Content decides, not the name. */
  accept?: string[]
  /** Largest size in bytes. Default: the server's own limit. */
  maxSize?: number
  /** Default false: the task cannot start without it. */
  optional?: boolean
}

/**
 * A file the user hands in when starting the task.
 *
 * @example
 * ```ts
 * uploads: { archive: upload({ title: 'Course archive', accept: ['.tar.gz', '.zip'] }) }
 * ```
 */
export function upload(options: UploadOptions = {}): UploadOptions {
  return options
}
