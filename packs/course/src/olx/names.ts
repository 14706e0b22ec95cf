import { createHash } from 'node:crypto'

/** How many hex digits of the digest a generated name ends in; fixed by the platform. */
const HASH_DIGITS = 12

/** Every run of characters that a name may not hold becomes one underscore. */
export function cleanName(name: string): string {
  return name.replace(/[^\p{L}\p{N}_.%-]/gu, '_').replace(/_+/g, '_')
}

/** The first 12 hex digits of the SHA-1 of a block's XML. */
export function xmlHash(xml: string): string {
  return createHash('sha1').update(xml).digest('hex').slice(0, HASH_DIGITS)
}

/** Where a name came from; `generated` changes whenever the content does. */
export type NameSource = 'url_name' | 'slug' | 'name' | 'display_name' | 'generated'

/**
 * The name a block goes by: `url_name`, else `slug`, else the cleaned `name`, else the cleaned `display_name`,
 * else its type and a hash of its XML.
 */
export function nameOf(
  type: string,
  attributes: ReadonlyMap<string, string>,
  xml: () => string,
): { name: string; source: NameSource } {
  for (const source of ['url_name', 'slug'] as const) {
    const name = attributes.get(source)
    if (name) return { name, source }
  }
  for (const source of ['name', 'display_name'] as const) {
    const name = attributes.get(source)
    if (name) return { name: cleanName(name), source }
  }
  return { name: `${type}_${xmlHash(xml())}`, source: 'generated' }
}

/** The name a second block of one type gets when its own is taken. */
export function renamed(type: string, name: string, xml: string): string {
  return `${type}_${name}_${xmlHash(xml)}`
}

/** In names a colon stands for a folder: `secret:toylab` lies in `secret/toylab`. */
export function nameToPath(name: string): string {
  return name.replaceAll(':', '/')
}

/**
 * A path without `.`, `..` and empty segments, or undefined if it would leave the course. Names come from the archive;
 * they must not reach beyond it.
 */
export function normalPath(path: string): string | undefined {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') {
      if (kept.pop() === undefined) return undefined
    } else kept.push(segment)
  }
  return kept.join('/')
}
