import type { Block, Branch, Course } from './course.ts'

/** What learners' work, posts and links hang on: it must not change by accident. */
export interface Identity {
  readonly key: string
  readonly type: string
  readonly urlName: string
  readonly branch: Branch
  readonly displayName: string | undefined
  /** What the posts of a discussion belong to. */
  readonly discussionId: string | undefined
  readonly file: string
  readonly line: number
}

/** An identity that learners would lose by a change of course. */
export interface IdentityChange {
  readonly kind: 'url_name' | 'discussion_id'
  readonly type: string
  readonly displayName: string | undefined
  readonly from: string
  /** Undefined when nothing takes its place. */
  readonly to: string | undefined
}

/** What would be different with another version of a course. */
export interface Comparison {
  readonly added: readonly Identity[]
  /** Same identity, other settings, content or children. */
  readonly changed: readonly Identity[]
  readonly removed: readonly Identity[]
  readonly identityChanges: readonly IdentityChange[]
  /** Pages and served files, by path. */
  readonly files: {
    readonly added: readonly string[]
    readonly changed: readonly string[]
    readonly removed: readonly string[]
  }
}

/** The learner-visible identities of a course, in document order. */
export function identities(course: Course): Identity[] {
  return course.blocks.map(identityOf)
}

function identityOf(block: Block): Identity {
  const { key, type, urlName, branch, displayName, file, line } = block
  return { key, type, urlName, branch, displayName, discussionId: discussionIdOf(block), file, line }
}

/** The id the posts of a discussion belong to; the oldest courses have it as `id`. */
export function discussionIdOf({ type, attributes }: Block): string | undefined {
  if (type !== 'discussion') return undefined
  return attributes.get('discussion_id') || attributes.get('id') || undefined
}

/**
 * Compares two versions of a course: what the second one adds, changes and removes, and which identities learners would
 * notice to be gone. A block that went and one that came with the same content, or the same name in the same place, are
 * taken for one block under a new identity.
 *
 * @example
 * ```ts
 * const { identityChanges } = compareCourses(await readCourse(before), await readCourse(after))
 * // [{ kind: 'url_name', type: 'problem', displayName: 'Quiz', from: 'quiz', to: 'quiz_2' }]
 * ```
 */
export function compareCourses(before: Course, after: Course): Comparison {
  const added = after.blocks.filter(({ key }) => !before.byKey.has(key))
  const removed = before.blocks.filter(({ key }) => !after.byKey.has(key))
  const changed: Block[] = []
  const identityChanges: IdentityChange[] = [...renames(removed, added)]
  for (const block of after.blocks) {
    const old = before.byKey.get(block.key)
    if (old === undefined) continue
    if (old.digest !== block.digest) changed.push(block)
    const [from, to] = [discussionIdOf(old), discussionIdOf(block)]
    if (from === undefined || from === to || block.branch === 'draft') continue
    identityChanges.push({ kind: 'discussion_id', type: block.type, displayName: block.displayName, from, to })
  }
  return {
    added: added.map(identityOf),
    changed: changed.map(identityOf),
    removed: removed.map(identityOf),
    identityChanges,
    files: compareFiles(fingerprints(before), fingerprints(after)),
  }
}

/** Pairs what went with what came; each block is paired once. */
function renames(removed: readonly Block[], added: readonly Block[]): IdentityChange[] {
  const byContent = new Map<string, Block[]>()
  const byPlace = new Map<string, Block[]>()
  // The last first: of several that fit the first one is taken, from the end of its list.
  for (const block of added.toReversed()) {
    if (block.branch === 'draft') continue
    push(byContent, contentKey(block), block)
    push(byPlace, placeKey(block), block)
  }
  const used = new Set<Block>()
  // What was looked at leaves the list, so that thousands of equal blocks are not gone through once for each.
  const take = (candidates: Block[] = []): Block | undefined => {
    for (let block = candidates.pop(); block !== undefined; block = candidates.pop()) {
      if (used.has(block)) continue
      used.add(block)
      return block
    }
    return undefined
  }
  const changes: IdentityChange[] = []
  const published = removed.filter(({ branch }) => branch === 'published')
  // Equal content is the surer sign, so it has the first choice.
  const partners = new Map<Block, Block>()
  for (const [index, keyOf] of [
    [byContent, contentKey],
    [byPlace, placeKey],
  ] as const) {
    for (const block of published) {
      if (partners.has(block)) continue
      const partner = take(index.get(keyOf(block)))
      if (partner !== undefined) partners.set(block, partner)
    }
  }
  for (const block of published) {
    const partner = partners.get(block)
    const { type, displayName } = block
    if (partner !== undefined) {
      changes.push({ kind: 'url_name', type, displayName, from: block.urlName, to: partner.urlName })
    }
    const from = discussionIdOf(block)
    const to = partner === undefined ? undefined : discussionIdOf(partner)
    if (from !== undefined && from !== to) changes.push({ kind: 'discussion_id', type, displayName, from, to })
  }
  return changes
}

function contentKey({ type, digest }: Block): string {
  return `${type} ${digest}`
}

function placeKey({ type, parent, displayName, key }: Block): string {
  // A block without a name is like no other.
  return JSON.stringify([type, parent, displayName ?? { key }])
}

function push(index: Map<string, Block[]>, key: string, block: Block): void {
  const list = index.get(key)
  if (list === undefined) index.set(key, [block])
  else list.push(block)
}

function fingerprints(course: Course): Map<string, string> {
  // Assets are large: their sizes are compared here, their bytes where they are stored.
  const files = new Map(course.assets.map(({ path, size }) => [path, String(size)]))
  for (const { file, digest } of course.pages) files.set(file, digest)
  return files
}

function compareFiles(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Comparison['files'] {
  return {
    added: [...after.keys()].filter((path) => !before.has(path)),
    changed: [...after].filter(([path, mark]) => before.has(path) && before.get(path) !== mark).map(([path]) => path),
    removed: [...before.keys()].filter((path) => !after.has(path)),
  }
}
