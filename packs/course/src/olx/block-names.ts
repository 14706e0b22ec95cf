import { tag } from './block-content.ts'
import type { Renamed } from './course.ts'
import { type Place, prefixOf } from './definitions.ts'
import { type NameSource, renamed } from './names.ts'
import type { Problems } from './problems.ts'
import type { XmlElement } from './xml.ts'

/** The names in use in a course. Blocks of one type and branch never share one; that two types do is reported. */
export class BlockNames {
  readonly renamed: Renamed[] = []
  private readonly problems: Problems
  /** Keys whose blocks are being read or have been. */
  private readonly taken = new Set<string>()
  private readonly firstNamed = new Map<string, string>()

  constructor(problems: Problems) {
    this.problems = problems
  }

  isTaken(key: string): boolean {
    return this.taken.has(key)
  }

  take(key: string): void {
    this.taken.add(key)
  }

  /** Notes that a name is in use, and who uses it too. */
  claim(type: string, name: string, element: XmlElement, place: Place): void {
    this.taken.add(`${prefixOf(place.branch)}${type}/${name}`)
    const common = `${prefixOf(place.branch)}${name}`
    const first = this.firstNamed.get(common)
    if (first === undefined) this.firstNamed.set(common, `<${type}> at ${place.file}, line ${element.line}`)
    else
      this.problems.add(
        'DuplicateURLName',
        place.file,
        element.line,
        `The url_name of ${tag(element)} is also that of ${first}.`,
      )
  }

  /** A name for a block that no other of its type has. */
  unique(type: string, name: string, source: NameSource, element: XmlElement, place: Place): string {
    const start = prefixOf(place.branch)
    const given = source === 'url_name' || source === 'slug'
    if (given) {
      const before = this.taken.has(`${start}${type}/${name}`)
      this.claim(type, name, element, place)
      if (!before) return name
    } else if (!this.taken.has(`${start}${type}/${name}`)) {
      this.taken.add(`${start}${type}/${name}`)
      return name
    }
    const base = renamed(type, name, place.text.slice(element.start, element.end))
    let to = base
    for (let n = 2; this.taken.has(`${start}${type}/${to}`); n++) to = `${base}_${n}`
    this.taken.add(`${start}${type}/${to}`)
    if (source !== 'generated') this.renamed.push({ type, from: name, to, file: place.file, line: element.line })
    return to
  }
}
