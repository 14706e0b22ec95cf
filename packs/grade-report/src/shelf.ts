import type { ObjectStore } from '@errand/task'

/** What the shelf says of a course's newest report. */
export interface ShelfEntry {
  learners: number
  graded: number
  failed: number
}

/**
 * Leaves a note of the newest report where the platform's pages look for it. A pack names a store of its own and never
 * learns what is behind it: the configuration decides.
 */
export async function shelve(
  stores: Readonly<Record<string, ObjectStore>>,
  course: string,
  entry: ShelfEntry,
): Promise<void> {
  const { shelf } = stores
  if (shelf === undefined) throw new Error('The pack was loaded without its store "shelf".')
  await shelf.put(keyOf(course), JSON.stringify(entry))
}

/** Where a course's note is. Keys are separated by `/`, which a course's own key may hold. */
export function keyOf(course: string): string {
  return `newest/${encodeURIComponent(course)}.json`
}
