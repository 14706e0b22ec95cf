import { PROBLEM_LIMIT } from './limits.ts'

/** What the reader can find wrong. The names are those the field's authors know, where they have one. */
export type ProblemCode =
  | 'CourseXMLName'
  | 'InvalidXML'
  | 'TagMismatch'
  | 'InvalidPointer'
  | 'FileDoesNotExist'
  | 'SelfPointer'
  | 'PointerAlreadyPointedAt'
  | 'UnexpectedTag'
  | 'UnexpectedContent'
  | 'EmptyTag'
  | 'URLNameMismatch'
  | 'PossiblePointer'
  | 'PossibleHTMLPointer'
  | 'NonFlatURLName'
  | 'NonFlatFilename'
  | 'DuplicateHTMLName'
  | 'MissingURLName'
  | 'DuplicateURLName'
  | 'NoRunName'
  | 'PolicyNotFound'
  | 'BadPolicy'
  | 'BadAssetMetadata'
  | 'DraftWithoutParent'
  | 'TooLarge'

/** Something wrong with a course, as data: where, and in words. */
export interface Problem {
  readonly code: ProblemCode
  readonly message: string
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** Gathers problems; beyond the limit of a kind they are only counted. */
export class Problems {
  readonly found: Problem[] = []
  readonly more = new Map<ProblemCode, number>()
  private readonly counts = new Map<ProblemCode, number>()

  add(code: ProblemCode, file: string, line: number | undefined, message: string, column?: number): void {
    const count = (this.counts.get(code) ?? 0) + 1
    this.counts.set(code, count)
    if (count > PROBLEM_LIMIT) {
      this.more.set(code, count - PROBLEM_LIMIT)
      return
    }
    this.found.push({
      code,
      message,
      file,
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
    })
  }
}
