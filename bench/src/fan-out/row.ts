import { createHash } from 'node:crypto'
import { csvRow } from '@errand/task'

/** The line that item `n` leaves in the file: what a report for each learner has, and cheap to make. */
export function rowOf(n: number): string {
  return csvRow([`learner-${String(n).padStart(7, '0')}`, `Learner ${n}`, (n * 7_919) % 101])
}

/** SHA-256 of the file of so many items, hexadecimal. */
export function digestOfRows(items: number): string {
  const hash = createHash('sha256')
  for (let n = 0; n < items; n++) hash.update(rowOf(n))
  return hash.digest('hex')
}
