import type { BlockReader } from './block-reader.ts'
import type { Block, Course } from './course.ts'
import type { Problems } from './problems.ts'
import type { TreeFiles } from './tree-files.ts'
import { parseUsageKey } from './usage-key.ts'

const FOLDER = 'drafts/'
/** Drafts without a readable index go last. */
const LAST = Number.MAX_SAFE_INTEGER

interface Root {
  readonly file: string
  readonly index: number
  readonly parent: { readonly type: string; readonly name: string } | undefined
}

/**
 * Reads the unpublished versions. A file that says where among its parent's blocks it goes begins one; the others are
 * reached from those. In order of parent and index, so that the outcome does not depend on file names.
 */
export async function readDrafts(files: TreeFiles, problems: Problems, reader: BlockReader): Promise<void> {
  const roots: Root[] = []
  for (const path of files.tree.paths) {
    if (!/^drafts\/[^/]+\/.+\.xml$/.test(path)) continue
    const parsed = await files.peek(path)
    // What cannot be parsed is reported when something leads to it, or else as a file that nothing leads to.
    if (!parsed.ok) continue
    const { attributes } = parsed.root
    const index = attributes.get('index_in_children_list')
    if (index === undefined) continue
    const key = parseUsageKey(attributes.get('parent_url') ?? attributes.get('parent_sequential_url') ?? '')
    roots.push({ file: path, index: /^\d+$/.test(index) ? Number(index) : LAST, parent: key })
  }
  roots.sort((a, b) => compare(nameOf(a), nameOf(b)) || a.index - b.index || compare(a.file, b.file))
  for (const root of roots) {
    const parsed = await files.xml(root.file)
    if (!parsed.ok) continue
    const name = nameOf(root)
    const parent = reader.byKey.get(`draft:${name}`) ?? reader.byKey.get(name)
    if (parent === undefined) {
      const where =
        root.parent === undefined ? 'does not say what it is part of' : `is part of ${name}, which does not exist`
      problems.add('DraftWithoutParent', root.file, parsed.root.line, `The unpublished block ${where}.`)
    }
    const under = parent === undefined ? undefined : { key: parent.key, type: parent.type }
    await reader.readDraft(parsed.root, root.file, parsed.text, under, root.index)
  }
}

function nameOf({ parent }: Root): string {
  return parent === undefined ? '' : `${parent.type}/${parent.name}`
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** Whether a path is that of an unpublished version's file. */
export function isDraftFile(path: string): boolean {
  return path.startsWith(FOLDER)
}

/**
 * The children of a block as its authors see them: unpublished versions in the place of published ones, and units that were
 * never published at their index.
 */
export function childrenWithDrafts(course: Course, block: Block): string[] {
  const children = block.children.map((key) => (course.byKey.has(`draft:${key}`) ? `draft:${key}` : key))
  const unpublished = course.blocks.filter((one) => one.parent === block.key && one.draftIndex !== undefined)
  for (const draft of unpublished.toSorted((a, b) => (a.draftIndex ?? LAST) - (b.draftIndex ?? LAST))) {
    if (!children.includes(draft.key))
      children.splice(Math.min(draft.draftIndex ?? LAST, children.length), 0, draft.key)
  }
  return children
}
