import { TaskFailure } from '@errand/task'

const REFUSED = 'The archive was refused'
const HINT = 'Pack the folder of the course again with an ordinary tool such as tar or zip.'

/** The longest path, in bytes: what Linux takes. Longer ones are made up, and a few thousand of them fill the memory. */
export const PATH_BYTES = 4_096
/**
 * The longest name of a file or folder, in UTF-16 code units: what the file systems of Windows and macOS hold. Those of Linux hold
 * as many bytes, which is less of a name in Cyrillic or Japanese; that is no reason to refuse one that somebody has.
 */
const NAME_LENGTH = 255
/** Characters of a name in a message: enough to find the member. */
const SHOWN = 200

/**
 * A member's name as a path relative to the archive's own root: no `.`, no empty segment, no trailing `/`.
 * The root itself is the empty path.
 *
 * @throws {TaskFailure} `archive-path-absolute`, `archive-path-escapes`, `archive-path-invalid`, naming the member
 * @example
 * ```ts
 * memberPath('./course//html/a.html') // 'course/html/a.html'
 * ```
 */
export function memberPath(name: string): string {
  if (name.includes('\0')) {
    throw new TaskFailure({
      code: 'archive-path-invalid',
      title: REFUSED,
      detail: `The name of the member ${JSON.stringify(shortName(name))} holds a NUL character.`,
      hint: HINT,
    })
  }
  // First of what costs time, as it is this that bounds it.
  const long = tooLong(name)
  if (long !== undefined) throw refusedAsLong(`The member "${shortName(name)}" has ${long}.`)
  const path = within(name.split('/'))
  // The second look is for `a/../C:\b`: what remains of a name can be absolute where the name is not.
  if (isAbsolute(name) || isAbsolute(path ?? '')) {
    throw new TaskFailure({
      code: 'archive-path-absolute',
      title: REFUSED,
      detail: `The member "${name}" has an absolute path; only paths inside the archive are accepted.`,
      hint: HINT,
    })
  }
  // A backslash is an ordinary character here, but not for whoever unpacks an export on Windows.
  const elsewhere = name.includes('\\') ? within(name.split(/[/\\]/)) : path
  if (path === undefined || elsewhere === undefined) {
    throw new TaskFailure({
      code: 'archive-path-escapes',
      title: REFUSED,
      detail: `The path of the member "${name}" leaves the archive.`,
      hint: HINT,
    })
  }
  return path
}

/**
 * Where a link points, as a path relative to the archive's root.
 *
 * @param from - the folder the target is relative to: the link's own for a symbolic link, the root for a hard link
 * @throws {TaskFailure} `archive-link-escapes`, `archive-path-invalid`, naming the link and its target
 */
export function linkTarget(name: string, target: string, from: string): string {
  const refuseLong = (path: string): void => {
    const long = tooLong(path)
    if (long !== undefined) throw refusedAsLong(`The link "${name}" points to "${shortName(path)}", which has ${long}.`)
  }
  refuseLong(target)
  const path = isAbsolute(target) ? undefined : within([...from.split('/'), ...target.split('/')])
  if (path === undefined || target.includes('\0')) {
    throw new TaskFailure({
      code: 'archive-link-escapes',
      title: REFUSED,
      detail: `The link "${name}" points to ${JSON.stringify(target)}, which is outside the archive.`,
      hint: 'Replace the link by a copy of the file it points to, then pack the course again.',
    })
  }
  refuseLong(path)
  return path
}

/** A name for a message: one that is very long is cut. */
export function shortName(name: string): string {
  // Half of a character that takes two places could not be stored.
  return name.length <= SHOWN ? name : `${name.slice(0, SHOWN).replace(/[\ud800-\udbff]$/, '')}…`
}

/** The folder a path lies in; the empty path for what lies at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}

/** By what a path is too long, for the end of a sentence. */
function tooLong(path: string): string | undefined {
  if (Buffer.byteLength(path) > PATH_BYTES) return `a path of more than ${PATH_BYTES} bytes`
  const isLong = path.split('/').some((name) => name.length > NAME_LENGTH)
  return isLong ? `a file or folder in its path whose name is longer than ${NAME_LENGTH} characters` : undefined
}

function refusedAsLong(detail: string): TaskFailure {
  return new TaskFailure({
    code: 'archive-path-invalid',
    title: REFUSED,
    detail,
    hint: 'Give it a shorter name, then pack the course again.',
  })
}

function isAbsolute(name: string): boolean {
  return /^([/\\]|[A-Za-z]:[/\\])/.test(name)
}

function within(segments: readonly string[]): string | undefined {
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') kept.push(segment)
    else if (kept.pop() === undefined) return undefined
  }
  return kept.join('/')
}
