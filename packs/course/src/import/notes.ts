/** What an import did with a file that a course's author should know of. */
export type NoteKind =
  | 'root'
  | 'outside'
  | 'junk'
  | 'duplicate'
  | 'name-collision'
  | 'name-encoding'
  | 'link'
  | 'dropped'

export interface ImportNote {
  kind: NoteKind
  /** As the archive spells it; for a file that only the course has, as the course does. */
  path: string
  message: string
}

/** Notes of one kind that are kept in full; of more only the number is, so that a report stays readable. */
export const NOTES_PER_KIND = 1_000

/** Collects notes, at most {@link NOTES_PER_KIND} of a kind, and counts all. */
export class Notes {
  readonly #kept: ImportNote[]
  readonly #counts: Map<NoteKind, number>

  /** Goes on from notes that were taken before. */
  constructor(kept: readonly ImportNote[] = [], counts: Partial<Record<NoteKind, number>> = {}) {
    this.#kept = [...kept]
    this.#counts = new Map(Object.entries(counts) as [NoteKind, number][])
  }

  add(kind: NoteKind, path: string, message: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    if (count <= NOTES_PER_KIND) this.#kept.push({ kind, path, message })
  }

  get kept(): readonly ImportNote[] {
    return this.#kept
  }

  /** How many there were of each kind, those not kept included. */
  get counts(): Partial<Record<NoteKind, number>> {
    return Object.fromEntries(this.#counts)
  }
}
