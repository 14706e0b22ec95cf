import { TaskFailure } from '@errand/task'
import type { ContentKind } from '../course-key.ts'
import { folderOf } from './member-path.ts'

/** Where the course lies in the archive. */
export interface Root {
  /** The folder that holds course.xml or library.xml; empty for the archive's own root. */
  folder: string
  /** Other folders with such a file, that were not chosen. */
  others: string[]
}

/** Folders listed in a message: enough to see the pattern. */
const LISTED = 5

/**
 * The folder of the course: the one least deep that holds the right file. Among several equally deep the one
 * named as exports name it, `course` or `library`, is taken.
 *
 * @throws {TaskFailure} `course-root-missing`, `course-root-ambiguous`
 */
export function chooseRoot(paths: readonly string[], kind: ContentKind): Root {
  const found = new Map<string, ContentKind>()
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (name !== 'course.xml' && name !== 'library.xml') continue
    const folder = folderOf(path)
    if (/(^|\/)(static|static_import|drafts|roots)(\/|$)/.test(folder)) continue
    if (name === `${kind}.xml` || !found.has(folder)) found.set(folder, name === 'course.xml' ? 'course' : 'library')
  }
  // In the oldest courses course.xml was a link to roots/RUN.xml; where it was lost, that file will do.
  if (found.size === 0 && kind === 'course') {
    for (const path of paths) {
      if (/(^|\/)roots\/[^/]+\.xml$/.test(path)) found.set(folderOf(folderOf(path)), 'course')
    }
  }
  // `course/course.xml` of an old export is the run's own file, and lies inside the course.
  const outermost = [...found].filter(([folder]) => ![...ancestors(folder)].some((above) => found.has(above)))
  const fitting = outermost.filter(([, has]) => has === kind)
  const candidates = (fitting.length > 0 ? fitting : outermost).map(([folder]) => folder).sort()
  const least = Math.min(...candidates.map(depth))
  const shallowest = candidates.filter((folder) => depth(folder) === least)
  const named = shallowest.filter((folder) => folder.slice(folder.lastIndexOf('/') + 1) === kind)
  const chosen = shallowest.length === 1 ? shallowest[0] : named.length === 1 ? named[0] : undefined
  if (chosen !== undefined) return { folder: chosen, others: candidates.filter((folder) => folder !== chosen) }
  if (shallowest.length === 0) {
    throw new TaskFailure({
      code: 'course-root-missing',
      title: `The archive holds no ${kind}`,
      detail: `There is no ${kind}.xml in it, neither at the top nor in a folder${similar(paths)}.`,
      hint: `Pack the folder that holds ${kind}.xml, with everything in it.`,
    })
  }
  const list = shallowest.slice(0, LISTED).map((folder) => `${folder}/${kind}.xml`)
  throw new TaskFailure({
    code: 'course-root-ambiguous',
    title: `The archive holds several ${kind === 'course' ? 'courses' : 'libraries'}`,
    detail: `It is not clear which one is meant: ${list.join(', ')}${shallowest.length > LISTED ? ' and more' : ''}.`,
    hint: `Pack one of these folders alone, or name the one that is meant "${kind}".`,
  })
}

/** What may have been meant, for the message. */
function similar(paths: readonly string[]): string {
  const files = paths.filter((path) => path.endsWith('.xml')).sort()
  const least = Math.min(...files.map(depth))
  const near = files.filter((path) => depth(path) === least).slice(0, LISTED)
  return near.length === 0 ? '' : `, but there is ${near.join(', ')}`
}

function depth(folder: string): number {
  return folder === '' ? 0 : folder.split('/').length
}

function* ancestors(folder: string): Generator<string> {
  for (let at = folder; at !== ''; ) {
    at = folderOf(at)
    yield at
  }
}
