import { TaskFailure } from '@errand/task'
import { chance } from './chance.ts'
import { type Learner, numberOf } from './roster.ts'

/** What one learner's row says. */
export interface Grade {
  homework: number
  midterm: number
  final: number
  /** Whole percent, from 0 to 100. */
  percent: number
  passed: boolean
}

/** How much each part counts, in percent. */
const WEIGHTS = { homework: 40, midterm: 20, final: 40 }

/** What the grades of a roster depend on. */
export interface GradeBook {
  seed: number
  /** Percent from which a learner has passed. */
  minimum: number
  /** The share of learners whose record cannot be read, from 0 to 1. */
  unreadable: number
}

/**
 * Works out one learner's grade.
 *
 * @throws {TaskFailure} `grades-unreadable`: a failure of this learner alone. The report goes on without the row, and
 *   the learner is listed in `errors.csv` with these very words.
 */
export function gradeOf(book: GradeBook, { id, name }: Learner): Grade {
  const number = numberOf(id)
  if (chance(book.seed, number, 'unreadable') < book.unreadable) {
    throw new TaskFailure({
      code: 'grades-unreadable',
      title: 'The grades of this learner cannot be read',
      detail: `The record of ${name} (${id}) has no homework scores.`,
      hint: 'Enter the scores in the grade book, then retry the failed items.',
    })
  }
  const score = (part: string) => Math.round((1 - chance(book.seed, number, part) ** 2) * 100)
  const [homework, midterm, final] = [score('homework'), score('midterm'), score('final')]
  const weighted = homework * WEIGHTS.homework + midterm * WEIGHTS.midterm + final * WEIGHTS.final
  const percent = Math.round(weighted / 100)
  return { homework, midterm, final, percent, passed: percent >= book.minimum }
}
