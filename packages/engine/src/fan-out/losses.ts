import { defaults } from '../config.ts'

/** How carefully a slice is worked on, and what is known of what may be wrong with it. */
export interface Care {
  /** 0: none. 1: flushed every few items. 2: one item at a time before `single_until`. */
  care: number
  single_until: number
  /** The item at which a worker was lost while they were done one at a time. */
  suspect: number | null
}

/**
 * What follows from the loss of a slice's worker: more care, until the item that ends its workers stands alone. Each
 * step narrows down where it can be: somewhere behind the last flush; within a few items; this very one. That is the
 * same end as halving the slice, with fewer workers lost on the way.
 *
 * @returns `poison` when the item at the cursor is what ends its workers
 * @example
 * ```ts
 * afterLoss({ cursor: 40, care: 0, single_until: 0, suspect: null }) // { care: 1, … }
 * ```
 */
export function afterLoss({ care, cursor, single_until, suspect }: Care & { cursor: number }): Care | 'poison' {
  if (care === 0) return { care: 1, single_until: 0, suspect: null }
  if (care === 1 || cursor >= single_until) return { care: 2, single_until: cursor + defaults.warySpan, suspect: null }
  // One loss may be chance: a power cut. Twice at the same item is none.
  return suspect === cursor ? 'poison' : { care, single_until, suspect: cursor }
}
