import { type Selectable, sql } from 'kysely'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import type { Tables } from '../database/schema.ts'
import { isProblem } from '../problem.ts'
import type { TaskServices } from '../tasks/services.ts'
import type { Accepted } from '../tasks/submit.ts'
import type { Principal, ScheduleProblem, SubmitRequest } from '../types.ts'
import { servicePrincipal } from './service-principal.ts'

/** Takes a task in. */
export type Start = (request: SubmitRequest, who: Principal) => Promise<Accepted>

type Due = Selectable<Tables['schedules']> & { now: Date }

/**
 * Starts what is due, each once: whoever leases a schedule starts its task, under a key of the schedule and its time, so
 * that whoever comes after one that died in between finds the same task. Where the database is away, or anything else
 * fails that is no answer, the lease runs out and it is tried again.
 */
export async function startDue(services: TaskServices, clock: Clock, start: Start): Promise<void> {
  for (;;) {
    const due = await lease(services, clock)
    const outcomes = await Promise.allSettled(due.map((schedule) => startOne(services, schedule, start)))
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') continue
      const schedule = due[index]?.name
      services.logger.warn({ err: outcome.reason, schedule }, 'a schedule could not start its task; it is tried again')
    }
    if (due.length < defaults.schedulePage) return
  }
}

async function lease({ db }: TaskServices, clock: Clock): Promise<Due[]> {
  const now = clockNow(clock)
  const { rows } = await sql<Due>`
    UPDATE errand.schedules SET leased_until = ${now} + make_interval(secs => ${defaults.scheduleLeaseSeconds})
    WHERE id IN (
      SELECT id FROM errand.schedules
      WHERE paused_at IS NULL AND next_at <= ${now} AND (leased_until IS NULL OR leased_until < ${now})
      ORDER BY next_at LIMIT ${defaults.schedulePage} FOR UPDATE SKIP LOCKED
    )
    RETURNING *, ${now} AS now`.execute(db)
  return rows
}

async function startOne(services: TaskServices, schedule: Due, start: Start): Promise<void> {
  const { cron, definition, id, input, name, next_at: dueAt, now, time_zone: timeZone } = schedule
  const done = await outcomeOf(schedule, () =>
    start(
      {
        ...{ definition, input, origin: { by: 'schedule', schedule: name } },
        idempotencyKey: `schedule/${id}/${dueAt.toISOString()}`,
      },
      servicePrincipal(schedule.principal),
    ),
  )
  await services.db
    .updateTable('schedules')
    // After now and not after what was due: times that have passed meanwhile are not made up for.
    .set({ next_at: services.dispatch.nextTime(cron, timeZone, now), leased_until: null })
    .set(
      'taskId' in done
        ? { task_id: done.taskId, started_at: dueAt, problem: null }
        : { problem: JSON.stringify(done.problem) },
    )
    .where('id', '=', id)
    // Whose lease has run out may find that another has been here.
    .where('next_at', '=', dueAt)
    .execute()
}

/** @throws what is no answer: the database is away, or there is a mistake of ours */
async function outcomeOf(
  { next_at: dueAt, now }: Due,
  start: () => Promise<Accepted>,
): Promise<{ taskId: string } | { problem: ScheduleProblem }> {
  const late = (now.getTime() - dueAt.getTime()) / 1_000
  if (late > defaults.scheduleGraceSeconds) {
    const detail = `No server was there within ${defaults.scheduleGraceSeconds / 60} minutes of its time.`
    return { problem: { code: 'schedule-missed', title: 'It was missed', detail, dueAt: dueAt.toISOString() } }
  }
  try {
    return { taskId: (await start()).id }
  } catch (error) {
    if (!isProblem(error) || error.status >= 500) throw error
    const { code, detail, title } = error
    return { problem: { code, title, detail, dueAt: dueAt.toISOString() } }
  }
}
