import { type Engine, fromDrizzle, type Principal } from '@errand/engine'
import { sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import type { Enrolment } from './enrolment.ts'

/** The platform's own table: Errand's need not be declared. */
export const enrolments = pgTable('enrolments', {
  course: text().notNull(),
  learner: text().notNull(),
  seat: integer().notNull(),
})

/**
 * Enrols a learner and starts the task that follows from it, both or neither, with Drizzle.
 *
 * @returns the task's id
 */
export async function enrol(db: NodePgDatabase, engine: Engine, enrolment: Enrolment, who: Principal): Promise<string> {
  const { course, learner } = enrolment
  return db.transaction(async (tx) => {
    await tx.insert(enrolments).values(enrolment)
    // Last: those who want the same thing wait for this transaction from here on.
    const task = { definition: 'certificate', input: { course, learner } }
    // Drizzle's own tag, as it is the one that knows how Drizzle writes parameters.
    const { id } = await engine.within(fromDrizzle(tx, sql)).submit(task, who)
    return id
  })
}
