import { TaskFailure } from '@errand/task'

const REFUSED = 'The archive was refused'
const HINT = 'Pack the folder of the course again with an ordinary tool such as tar or zip.'

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
      detail: `The name of the member ${JSON.stringify(name)} holds a NUL character.`,
      hint: HINT,
    })
  }
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
 * @throws {TaskFailure} `archive-link-escapes`, naming the link and its target
 */
export function linkTarget(name: string, target: string, from: string): string {
  const path = isAbsolute(target) ? undefined : within([...from.split('/'), ...target.split('/')])
  if (path === undefined || target.includes('\0')) {
    throw new TaskFailure({
      code: 'archive-link-escapes',
      title: REFUSED,
      detail: `The link "${name}" points to "${target}", which is outside the archive.`,
      hint: 'Replace the link by a copy of the file it points to, then pack the course again.',
    })
  }
  return path
}

/** The folder a path lies in; the empty path for what lies at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
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
