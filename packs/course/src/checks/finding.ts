import { CHECKS, type CheckCode, type Level } from './registry.ts'

/** Something found wrong: what, where, and what to do. */
export interface Finding {
  readonly level: Level
  readonly code: CheckCode
  readonly message: string
  readonly file?: string
  readonly line?: number
  readonly hint: string
}

/** The most findings listed of one code; the rest is counted in one more. A list of thousands is read by nobody. */
export const FINDING_LIMIT = 1_000

/** Gathers findings, bounded per code. */
export class Findings {
  private readonly found: Finding[] = []
  private readonly counts = new Map<CheckCode, number>()

  /** @param level - where a particular case is milder than its code */
  add(code: CheckCode, file: string | undefined, line: number | undefined, message: string, level?: Level): void {
    const count = (this.counts.get(code) ?? 0) + 1
    this.counts.set(code, count)
    if (count > FINDING_LIMIT) return
    this.found.push({
      level: level ?? CHECKS[code].level,
      code,
      message,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      hint: CHECKS[code].hint,
    })
  }

  /** Counts findings that were never listed. */
  addMore(code: CheckCode, more: number): void {
    this.counts.set(code, Math.max(this.counts.get(code) ?? 0, FINDING_LIMIT) + more)
  }

  /** All that was listed, by step, in the order found, and then what was only counted. */
  list(): Finding[] {
    const listed = this.found.toSorted((a, b) => CHECKS[a.code].step - CHECKS[b.code].step)
    for (const [code, count] of this.counts) {
      if (count <= FINDING_LIMIT) continue
      const more = count - FINDING_LIMIT
      listed.push({
        level: CHECKS[code].level,
        code,
        message: `${more} more like this are not listed.`,
        hint: CHECKS[code].hint,
      })
    }
    return listed
  }
}
