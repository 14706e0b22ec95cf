/** Milliseconds after which a condition is given up: far above what anything takes, below the limit of a test. */
const PATIENCE = 40_000
/** Milliseconds between two looks. */
const INTERVAL = 10

/**
 * Looks again and again until there is something to see. Not a sleep: it goes on at once when the condition holds.
 *
 * @returns the first answer that is neither `undefined`, `null` nor `false`
 */
export async function until<T>(
  look: () => T | Promise<T>,
  what = 'the condition',
  patience = PATIENCE,
): Promise<Exclude<Awaited<T>, undefined | null | false>> {
  const end = Date.now() + patience
  for (;;) {
    const found = await look()
    if (isThere(found)) return found
    if (Date.now() > end) throw new Error(`${what} did not come about within ${patience / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, INTERVAL))
  }
}

function isThere<T>(value: T): value is Exclude<T, undefined | null | false> {
  return value !== undefined && value !== null && value !== false
}
