import { type Engine, fromPg, type Principal } from '@errand/engine'
import type { Pool } from 'pg'
import type { Enrolment } from './enrolment.ts'

/**
 * Enrols a learner and starts the task that follows from it, both or neither, with `pg` alone.
 *
 * @returns the task's id
 */
export async function enrol(pool: Pool, engine: Engine, enrolment: Enrolment, who: Principal): Promise<string> {
  const { course, learner, seat } = enrolment
  // One client of the pool, as a transaction belongs to one connection.
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('INSERT INTO enrolments (course, learner, seat) VALUES ($1, $2, $3)', [course, learner, seat])
    // Last: those who want the same thing wait for this transaction from here on.
    const task = { definition: 'certificate', input: { course, learner } }
    const { id } = await engine.within(fromPg(client)).submit(task, who)
    await client.query('COMMIT')
    return id
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}
