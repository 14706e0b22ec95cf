import { type Engine, fromKysely, type Principal } from '@errand/engine'
import type { Kysely } from 'kysely'
import type { Enrolment } from './enrolment.ts'

/** The platform's own tables: Errand's need not be among them. */
export interface Tables {
  enrolments: Enrolment
}

/**
 * Enrols a learner and starts the task that follows from it, both or neither, with Kysely.
 *
 * @returns the task's id
 */
export async function enrol(db: Kysely<Tables>, engine: Engine, enrolment: Enrolment, who: Principal): Promise<string> {
  const { course, learner } = enrolment
  return db.transaction().execute(async (trx) => {
    await trx.insertInto('enrolments').values(enrolment).execute()
    // Last: those who want the same thing wait for this transaction from here on.
    const task = { definition: 'certificate', input: { course, learner } }
    const { id } = await engine.within(fromKysely(trx)).submit(task, who)
    return id
  })
}
