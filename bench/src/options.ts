/** What a measurement was told and cannot take: said in one line, without where in the code. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/**
 * The whole number that an option gives.
 *
 * @param least - the smallest that makes sense
 * @throws {UsageError}
 * @example
 * ```ts
 * numberOf('items', '100000') // 100000
 * numberOf('items', 'many') // UsageError: --items takes a whole number from 1 on, and not "many"
 * ```
 */
export function numberOf(option: string, text: string, least = 1): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least) return value
  throw new UsageError(`--${option} takes a whole number from ${least} on, and not "${text}"`)
}

/** The same of things that have names. @throws {UsageError} */
export function namedBy<Thing>(
  option: string,
  given: readonly string[] | undefined,
  known: readonly Thing[],
  nameOf: (thing: Thing) => string,
): readonly Thing[] {
  const names = chosenOf(option, given, known.map(nameOf))
  return known.filter((thing) => names.includes(nameOf(thing)))
}

/**
 * Those that an option names, or all where it is not given.
 *
 * @throws {UsageError} for what is not among the known, or when nothing is named
 * @example
 * ```ts
 * chosenOf('only', ['size'], ['size', 'flight']) // ['size']
 * ```
 */
export function chosenOf<Name extends string>(
  option: string,
  given: readonly string[] | undefined,
  known: readonly Name[],
): readonly Name[] {
  if (given === undefined) return known
  return given.map((name) => {
    const found = known.find((one) => one === name)
    if (found === undefined) throw new UsageError(`--${option} takes ${known.join(', ')}, and not "${name}"`)
    return found
  })
}

/** Whether an error is about how a measurement was called: ours, or that of `parseArgs`. */
export function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}
