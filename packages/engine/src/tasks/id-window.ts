/** Of an id that say when: a minute and five seconds are the finest that they tell apart. */
const DIGITS = 8
/** Beginnings that a window is made of, at most by one: each is one more look into the index of words. */
const BEGINNINGS = 16

/** A stretch of time as ids tell it. */
export interface IdWindow {
  /** The least id in it. */
  from: string
  /** For a query of words: one of the beginnings of the ids in it. Ids are among the words of a task. */
  words: string
}

/**
 * The ids from the newest back to `times` as far as the oldest, or somewhat farther. Ids begin with their time, so a few
 * beginnings name them all.
 *
 * @example
 * ```ts
 * idWindow('0193a5ff-…', '0193a5f0-…', 2) // from 0193a5e0-…, words '(0193a5e:* | 0193a5f:*)'
 * ```
 */
export function idWindow(newest: string, oldest: string, times: number): IdWindow {
  const last = timeOf(newest)
  const first = Math.max(0, last - Math.ceil((last - timeOf(oldest) + 1) * times))
  let left = 0
  while ((last - first) / 16 ** left > BEGINNINGS) left += 1
  const size = 16 ** left
  const beginnings: string[] = []
  for (let at = Math.floor(first / size); at <= Math.floor(last / size); at++) {
    beginnings.push(`${at.toString(16).padStart(DIGITS - left, '0')}:*`)
  }
  const from = (Math.floor(first / size) * size).toString(16).padStart(DIGITS, '0')
  return { from: `${from}-0000-0000-0000-000000000000`, words: `(${beginnings.join(' | ')})` }
}

/** The time an id begins with, in units of 65,536 ms. */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, DIGITS), 16)
}
