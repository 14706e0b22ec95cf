import type { Page } from './course.ts'
import type { TreeFiles } from './tree-files.ts'

const FOLDERS = [
  { folder: 'about/', kind: 'about' },
  { folder: 'info/', kind: 'info' },
  { folder: 'tabs/', kind: 'tab' },
  { folder: 'custom_tags/', kind: 'custom-tag' },
] as const

/**
 * The pages that are not blocks. In `about/` and `info/` those in a folder named after the run win over the common ones;
 * folders of other runs are left out.
 */
export async function readPages(files: TreeFiles, run: string | undefined): Promise<Page[]> {
  const pages: Page[] = []
  for (const path of files.tree.paths) {
    const place = FOLDERS.find(({ folder }) => path.startsWith(folder))
    if (place === undefined) continue
    const inside = path.slice(place.folder.length)
    const forRun = run !== undefined && inside.startsWith(`${run}/`)
    const file = forRun ? inside.slice(`${run}/`.length) : inside
    if (file.includes('/')) continue
    const { kind } = place
    const name = kind === 'custom-tag' ? file : file.replace(/\.html$/, '')
    pages.push({ kind, name, file: path, forRun, digest: await files.digest(path) })
  }
  return pages
}

/** The page that counts under a name: the one for the run, where there is one. */
export function pageNamed(pages: readonly Page[], kind: Page['kind'], name: string): Page | undefined {
  const named = pages.filter((page) => page.kind === kind && page.name === name)
  return named.find(({ forRun }) => forRun) ?? named[0]
}
