import { assetPath, type Course, flatName } from '../olx/index.ts'

/** The names under which the served files of a course can be referred to. */
export class AssetNames {
  private readonly names = new Set<string>()

  constructor(course: Course) {
    for (const { path, displayName } of course.assets) {
      const inside = assetPath(path) ?? path
      this.names.add(inside.normalize('NFC'))
      this.names.add(flatName(inside))
      if (displayName !== undefined) this.names.add(flatName(displayName))
    }
  }

  /** Whether a file goes by that name, as it may be written in a link: escaped, with folders as underscores. */
  has(name: string): boolean {
    const plain = unescaped(name)
    return this.names.has(plain.normalize('NFC')) || this.names.has(flatName(plain)) || this.names.has(flatName(name))
  }
}

/** A link's text without its escapes; as it is, if these are broken. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
