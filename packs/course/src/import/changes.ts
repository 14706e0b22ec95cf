import { PATH_LIMIT, shortened } from '../checks/shortened.ts'
import { type Course, compareCourses, type IdentityChange } from '../olx/index.ts'
import type { OverlayTree } from '../store/overlay-tree.ts'
import type { StoredTree } from '../store/stored-tree.ts'

/** What an import changes, for its report. */
export interface Changes {
  /** The version it is compared with. */
  from: number
  files: Listed
  blocks: Listed
  /** What learners' work, posts and links hang on, and would lose. */
  identities: { count: number; listed: readonly IdentityChange[] }
}

/** Three lists, each cut to {@link CHANGES_LISTED}, and how many there are in all. */
interface Listed {
  counts: { added: number; changed: number; removed: number }
  added: readonly string[]
  changed: readonly string[]
  removed: readonly string[]
}

/** Changes listed of each kind; of more only the number is told. */
export const CHANGES_LISTED = 1_000

/** What is different between the course as it is and as it would be. */
export function changesBetween(
  version: number,
  before: { tree: StoredTree; course: Course },
  after: { tree: OverlayTree; course: Course },
): Changes {
  const blocks = compareCourses(before.course, after.course)
  const names = (list: readonly { key: string }[]): string[] => list.map(({ key }) => key)
  return {
    from: version,
    files: fileChanges(before.tree, after.tree),
    blocks: listed(names(blocks.added), names(blocks.changed), names(blocks.removed)),
    identities: {
      count: blocks.identityChanges.length,
      listed: blocks.identityChanges.slice(0, CHANGES_LISTED).map(shortIdentity),
    },
  }
}

function shortIdentity({ kind, type, displayName, from, to }: IdentityChange): IdentityChange {
  return {
    kind,
    type: shortened(type),
    displayName: displayName && shortened(displayName),
    from: shortened(from),
    to: to && shortened(to),
  }
}

/** By content, not by size or time. */
function fileChanges(before: StoredTree, after: OverlayTree): Listed {
  const there = new Set(after.paths)
  const kept = after.paths.filter((path) => before.has(path))
  return listed(
    after.paths.filter((path) => !before.has(path)),
    kept.filter((path) => before.place(path).sha256 !== after.file(path).sha256),
    before.paths.filter((path) => !there.has(path)),
  )
}

function listed(added: readonly string[], changed: readonly string[], removed: readonly string[]): Listed {
  const short = (list: readonly string[]): string[] =>
    list.slice(0, CHANGES_LISTED).map((text) => shortened(text, PATH_LIMIT))
  return {
    counts: { added: added.length, changed: changed.length, removed: removed.length },
    added: short(added),
    changed: short(changed),
    removed: short(removed),
  }
}
