import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import type { DefinitionShape } from './shape.ts'

/**
 * SHA-256 over the shape's canonical JSON, hexadecimal. Two workers that register one version with two
 * digests do not mean the same thing, and the second is refused. How its notifications read changes nothing of what it does.
 */
export function digestOf({ notifications: _words, ...shape }: DefinitionShape): string {
  return createHash('sha256').update(canonicalJson(shape)).digest('hex')
}
