import { defaults } from '../config.ts'

/** How much the newest slice counts in the mean time of an item. */
const WEIGHT = 0.3

/** What is known of the items of a fan-out. */
export interface Pace {
  slice_size: number
  item_ms: number | null
}

/**
 * The size of the next slice, so that it takes some seconds.
 *
 * @example
 * ```ts
 * nextPace({ slice_size: 100, item_ms: null }, { items: 100, ms: 60_000 }) // { slice_size: 5, item_ms: 600 }
 * ```
 */
export function nextPace(pace: Pace, { items, ms }: { items: number; ms: number }): Pace {
  if (items === 0) return pace
  const newest = ms / items
  const mean = pace.item_ms === null ? newest : pace.item_ms + WEIGHT * (newest - pace.item_ms)
  const wanted = mean > 0 ? Math.floor(defaults.sliceMs / mean) : defaults.longestSlice
  // One that happened to be quick must not make the next one endless.
  const most = Math.min(defaults.longestSlice, pace.slice_size * defaults.sliceGrowth)
  return { slice_size: Math.max(1, Math.min(wanted, most)), item_ms: mean }
}
