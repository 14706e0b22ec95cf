const JUNK_NAMES = new Set(['.DS_Store', '.localized', 'Thumbs.db', 'ehthumbs.db', 'desktop.ini', 'Desktop.ini'])
const JUNK_FOLDERS = new Set(['__MACOSX', '.Spotlight-V100', '.Trashes', '.fseventsd', '.git', '.svn', '.hg'])

/**
 * What operating systems, editors and version control leave beside a course's own files: ignored on
 * import, and listed in the report.
 *
 * @returns in a few words what made it, or `undefined` for a file of the course
 * @example
 * ```ts
 * junkReason('course/._course.xml') // 'macOS metadata'
 * ```
 */
export function junkReason(path: string): string | undefined {
  const segments = path.split('/')
  const folder = segments.find((segment) => JUNK_FOLDERS.has(segment))
  if (folder !== undefined) {
    return /^\.(git|svn|hg)$/.test(folder) ? 'version control' : 'macOS metadata'
  }
  // `._x` is a resource fork; a folder named so holds only such files.
  if (segments.some((segment) => segment.startsWith('._'))) return 'macOS metadata'
  const name = segments.at(-1) ?? ''
  if (JUNK_NAMES.has(name)) return /^(thumbs|ehthumbs|desktop)/i.test(name) ? 'Windows metadata' : 'macOS metadata'
  if (name.endsWith('~') || /^\..*\.sw[a-p]$/.test(name)) return "an editor's backup"
  return undefined
}
