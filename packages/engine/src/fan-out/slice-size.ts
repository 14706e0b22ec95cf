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
  // One that happened to be quick must not make the next one endless.
  const most = pace.slice_size * defaults.sliceGrowth
  return { slice_size: Math.min(wantedSize(mean), most), item_ms: mean }
}

/**
 * How many slices may be in flight. While they are still to grow there are few: each of many small ones would cost as much
 * as a long one, and teach nothing that the first few do not.
 */
export function windowOf(pace: Pace & { concurrency: number }): number {
  const growing = pace.item_ms === null || pace.slice_size < wantedSize(pace.item_ms)
  return growing ? Math.min(pace.concurrency, defaults.slicesToLearn) : pace.concurrency
}

function wantedSize(itemMs: number): number {
  const fitting = itemMs > 0 ? Math.floor(defaults.sliceMs / itemMs) : defaults.longestSlice
  return Math.max(1, Math.min(fitting, defaults.longestSlice))
}
