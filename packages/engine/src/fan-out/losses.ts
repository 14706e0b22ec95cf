import { defaults } from '../config.ts'

/** How carefully a slice is worked on, and what is known of what may be wrong with it. */
export interface Care {
  /**
   * 0: none. 1: flushed every few items. From 2: one item at a time before `single_until`; each loss with the same item in
   * hand counts one more.
   */
  care: number
  single_until: number
  /** The item that is tried, or was last, while they are done one at a time; recorded before it is. */
  suspect: number | null
}

/** What `care` begins with when items are done one at a time. */
const SINGLE = 2

/**
 * What follows from the loss of a slice's worker: more care, until the item that ends its workers stands alone. Each
 * step narrows down where it can be: somewhere behind the last flush; within a few items; this very one. That is the
 * same end as halving the slice, with fewer workers lost on the way. A worker may also be lost by chance (a deployment, a
 * power cut) while it has any item in hand; so one loss says nothing against it, and it takes several in a row.
 *
 * @returns `poison` when the item at the cursor is what ends its workers
 * @example
 * ```ts
 * afterLoss({ cursor: 40, care: 0, single_until: 0, suspect: null }) // { care: 1, … }
 * ```
 */
export function afterLoss({ care, cursor, single_until, suspect }: Care & { cursor: number }): Care | 'poison' {
  if (care === 0) return { care: 1, single_until: 0, suspect: null }
  if (care < SINGLE || cursor >= single_until) {
    return { care: SINGLE, single_until: cursor + defaults.warySpan, suspect: null }
  }
  // Lost between two items, or before the first was tried.
  if (suspect !== cursor) return { care: SINGLE, single_until, suspect: null }
  return care + 1 === SINGLE + defaults.poisonLosses ? 'poison' : { care: care + 1, single_until, suspect }
}

/**
 * What is known once the item at `at` is recorded as the one that is tried next.
 *
 * @example
 * ```ts
 * inHand({ care: 3, single_until: 64, suspect: 7 }, 8) // { care: 2, single_until: 64, suspect: 8 }: the last one was innocent
 * ```
 */
export function inHand({ care, single_until, suspect }: Care, at: number): Care {
  return { care: suspect === at ? care : SINGLE, single_until, suspect: at }
}
