import { LINK_LIMIT } from './limits.ts'
import type { XmlElement } from './xml.ts'

/** A reference from content to something of the same platform. */
export interface Link {
  /** As written. */
  readonly target: string
  readonly line: number
}

/** How references to files, blocks and pages of a course begin. */
const INTERNAL = /^\/?(?:static|jump_to_id|course|courses|c4x)\/|^\/?asset-v1:|^\/assets\//

/** True for a value that refers to something inside a course. */
export function isInternal(value: string): boolean {
  return INTERNAL.test(value)
}

/** Every internal reference in the attributes of an element and of what it holds, in document order. */
export function linksOf(element: XmlElement): Link[] {
  const found: Link[] = []
  const waiting: XmlElement[] = [element]
  for (let next = waiting.pop(); next !== undefined && found.length < LINK_LIMIT; next = waiting.pop()) {
    for (const value of next.attributes.values()) {
      const target = value.trim()
      if (isInternal(target)) found.push({ target, line: next.line })
    }
    for (let i = next.children.length - 1; i >= 0; i--) {
      const child = next.children[i]
      if (child !== undefined) waiting.push(child)
    }
  }
  return found.slice(0, LINK_LIMIT)
}

/** Every internal reference among the strings of a JSON value, as drag-and-drop data holds them. */
export function linksInJson(value: unknown, line: number): Link[] {
  const found: Link[] = []
  const waiting: unknown[] = [value]
  while (waiting.length > 0 && found.length < LINK_LIMIT) {
    const next = waiting.pop()
    if (typeof next === 'string') {
      if (isInternal(next)) found.push({ target: next, line })
    } else if (typeof next === 'object' && next !== null) {
      // Pushed in reverse, so that they are taken in order; one by one, as a spread would overflow on a long array.
      for (const inner of Object.values(next).reverse()) waiting.push(inner)
    }
  }
  return found
}
