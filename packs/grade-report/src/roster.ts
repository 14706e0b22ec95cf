import { chance } from './chance.ts'

/** A roster that is made up: the same one each time for the same seed and size. */
export interface Roster {
  /** Any whole number. */
  seed: number
  /** How many learners it has. */
  learners: number
}

/** One learner, as the fan-out plans it: small, as a million of these are kept until the report is done. */
export interface Learner {
  /** Sorts as the roster does, so that it also says where planning stopped. */
  id: string
  name: string
}

/** Digits of a learner's number: ids of equal length sort as their numbers do. */
const DIGITS = 7

// With what real names bring along: letters beyond ASCII, apostrophes, hyphens, commas, and one that a spreadsheet
// would take for a formula.
const FIRST = ['Ada', 'Zoë', 'Kwame', 'Mei', 'Søren', 'Noor', 'Iñaki', 'Olga', 'Ravi', '=Sum', '-Max', 'Thandiwe']
const LAST = [
  "O'Neill",
  'Nguyễn',
  'García-López',
  'Smith, Jr.',
  'Okafor',
  'Müller',
  'Sato',
  'Haddad',
  'Ó Briain',
  'Lee',
]

/** @param number - 1 for the first learner of the roster */
export function learnerAt(roster: Roster, number: number): Learner {
  const pick = (names: readonly string[], salt: string) =>
    names[Math.floor(chance(roster.seed, number, salt) * names.length)] ?? ''
  return { id: idOf(number), name: `${pick(FIRST, 'first')} ${pick(LAST, 'last')}` }
}

/**
 * The learners after the one with the id `cursor`; all of them without one. A real platform would ask its database, a
 * page at a time: `WHERE id > cursor ORDER BY id LIMIT 1000`. What matters is that the same cursor goes on at the same
 * place: a worker that is lost while it plans leaves the rest to another.
 *
 * @example
 * ```ts
 * const rest = [...learnersAfter({ seed: 1, learners: 3 }, 'learner-0000001')] // the second and the third
 * ```
 */
export function* learnersAfter(roster: Roster, cursor: string | undefined): Generator<Learner> {
  for (let number = (cursor === undefined ? 0 : numberOf(cursor)) + 1; number <= roster.learners; number++)
    yield learnerAt(roster, number)
}

function idOf(number: number): string {
  return `learner-${String(number).padStart(DIGITS, '0')}`
}

/** The learner's number, from 1. */
export function numberOf(id: string): number {
  return Number(id.slice(-DIGITS))
}
