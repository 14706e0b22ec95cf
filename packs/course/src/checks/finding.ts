import { CHECKS, type CheckCode, type Level } from './registry.ts'
import { PATH_LIMIT, shortened } from './shortened.ts'

/** Something found wrong: what, where, and what to do. */
export interface Finding {
  readonly level: Level
  readonly code: CheckCode
  readonly message: string
  readonly file?: string
  readonly line?: number
  readonly hint: string
  /** How many it stands for, where it tells of those that are not listed; otherwise it is one. */
  readonly count?: number
}

/** The most findings listed of one code; the rest is counted in one more. A list of thousands is read by nobody. */
export const FINDING_LIMIT = 1_000

/** Gathers findings, bounded per code and in length. */
export class Findings {
  private readonly found: Finding[] = []
  private readonly listed = new Map<CheckCode, number>()
  /** Those that are only counted; by level too, as a particular case may be milder than its code. */
  private readonly more = new Map<CheckCode, Map<Level, number>>()

  /** @param level - where a particular case is milder than its code */
  add(
    code: CheckCode,
    file: string | undefined,
    line: number | undefined,
    message: string,
    level: Level = CHECKS[code].level,
  ): void {
    const listed = this.listed.get(code) ?? 0
    if (listed === FINDING_LIMIT) {
      this.addMore(code, 1, level)
      return
    }
    this.listed.set(code, listed + 1)
    this.found.push({
      level,
      code,
      message: shortened(message),
      ...(file === undefined ? {} : { file: shortened(file, PATH_LIMIT) }),
      ...(line === undefined ? {} : { line }),
      hint: CHECKS[code].hint,
    })
  }

  /** Counts findings that were never listed. */
  addMore(code: CheckCode, more: number, level: Level = CHECKS[code].level): void {
    const levels = this.more.get(code) ?? new Map<Level, number>()
    levels.set(level, (levels.get(level) ?? 0) + more)
    this.more.set(code, levels)
  }

  /** All that was listed, by step, in the order found, and then what was only counted. */
  list(): Finding[] {
    const listed = this.found.toSorted((a, b) => CHECKS[a.code].step - CHECKS[b.code].step)
    for (const [code, levels] of this.more) {
      for (const [level, count] of levels) {
        const message = count === 1 ? 'One more like this is not listed.' : `${count} more like this are not listed.`
        listed.push({ level, code, message, hint: CHECKS[code].hint, count })
      }
    }
    return listed
  }
}

/** How many findings there are of each level, those that are not listed included. */
export function levelsOf(findings: readonly Finding[]): Record<Level, number> {
  const levels: Record<Level, number> = { ERROR: 0, WARNING: 0, INFO: 0 }
  for (const { level, count = 1 } of findings) levels[level] += count
  return levels
}
