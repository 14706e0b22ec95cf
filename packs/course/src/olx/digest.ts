import { createHash } from 'node:crypto'
import type { XmlElement } from './xml.ts'

/** Attributes that say where a block is and not what it is. */
const PLACES: ReadonlySet<string> = new Set([
  'url_name',
  'slug',
  'filename',
  'parent_url',
  'parent_sequential_url',
  'index_in_children_list',
])

/** What the digest of a block is made of. */
export interface DigestParts {
  readonly type: string
  readonly element: XmlElement
  /** The elements that are blocks of their own. */
  readonly blockChildren: ReadonlySet<XmlElement>
  readonly children: readonly string[]
  readonly html: string | undefined
  readonly policy: unknown
}

/**
 * A digest of what a block is: its settings in any order, its content, its policy, and the names of its children.
 * What its children hold does not change it, nor does the place of its definition.
 */
export function blockDigest(parts: DigestParts): string {
  const content: string[] = []
  const put = (...values: string[]) => {
    // With its length before each list, so that no two ways of cutting give the same.
    content.push(String(values.length), ...values)
  }
  put(parts.type, parts.html ?? '', JSON.stringify(parts.policy ?? null))
  put(JSON.stringify(parts.children.map((key) => key.replace(/^draft:/, ''))))
  const waiting: XmlElement[] = [parts.element]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const outermost = next === parts.element
    put(outermost ? parts.type : next.name, next.text.trim(), String(next.children.length))
    for (const [name, value] of [...next.attributes].sort(byName)) {
      if (!outermost || !PLACES.has(name)) put(name, value)
    }
    for (let i = next.children.length - 1; i >= 0; i--) {
      const child = next.children[i]
      if (child !== undefined && !parts.blockChildren.has(child)) waiting.push(child)
    }
  }
  return createHash('sha1').update(JSON.stringify(content)).digest('hex')
}

function byName(a: [string, string], b: [string, string]): number {
  return a[0] < b[0] ? -1 : 1
}
