import { randomInt } from 'node:crypto'

/** Without 0, O, 1, I and the like: it is read aloud on the telephone. */
const LETTERS = '23456789ABCDEFGHJKMNPQRSTVWXYZ'

/** What a user quotes to support: two groups of four, such as `K7QF-2M9X`. */
export function newReference(): string {
  const part = () => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return `${part()}-${part()}`
}
