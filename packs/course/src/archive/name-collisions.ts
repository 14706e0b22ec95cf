/** Two names that some file systems take for one. */
export interface NameCollision {
  path: string
  other: string
  /** What they differ by. */
  by: string
}

/** Paths that differ only by upper and lower case, or by the way accents are written, each with the one before it. */
export function nameCollisions(paths: Iterable<string>): NameCollision[] {
  const found: NameCollision[] = []
  const seen = new Map<string, string>()
  for (const path of [...paths].sort()) {
    const folded = path.normalize('NFC').toLowerCase()
    const other = seen.get(folded)
    seen.set(folded, path)
    if (other === undefined) continue
    const by = other.normalize('NFC') === path.normalize('NFC') ? 'the way accents are written' : 'upper and lower case'
    found.push({ path, other, by })
  }
  return found
}
