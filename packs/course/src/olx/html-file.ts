import { posix } from 'node:path'
import { nameToPath } from './names.ts'

/**
 * Where the HTML of a block may lie, most likely first: beside its definition, with an extension written twice dropped,
 * and then with leading folders dropped one by one, as older exports had it.
 *
 * @param folder - `drafts/` for the drafts, else empty
 */
export function htmlCandidates(folder: string, urlName: string, filename: string): string[] {
  const name = nameToPath(filename)
  const beside = posix.dirname(`html/${nameToPath(urlName)}`)
  const found = new Set<string>()
  for (const base of [beside, 'html']) {
    let path: string = posix.join(base, `${name}.html`)
    while (path.includes('/')) {
      for (const spelling of spellings(path)) found.add(folder + spelling)
      path = path.slice(path.indexOf('/') + 1)
    }
  }
  return [...found]
}

function spellings(path: string): string[] {
  if (path.endsWith('.html.html')) return [path, path.slice(0, -'.html'.length)]
  if (path.endsWith('.xml.html')) return [path, `${path.slice(0, -'.xml.html'.length)}.html`]
  return [path]
}
