import { type Selectable, sql } from 'kysely'
import { assertAdministrator } from '../access/access.ts'
import { actorOf } from '../access/policy.ts'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import { isUniqueViolation } from '../database/migrate.ts'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import { checkSubmit } from '../tasks/check-submit.ts'
import type { TaskServices } from '../tasks/services.ts'
import type { Principal, RefusedSchedule, ScheduleRequest, ScheduleView } from '../types.ts'
import { checkSchedule, scheduleInvalid } from './check-schedule.ts'
import { servicePrincipal } from './service-principal.ts'
import { type Start, startDue } from './start-due.ts'

/**
 * What runs by cron: each schedule starts one task at each of its times, as a service principal, however many engines
 * run. All of it is for administrators.
 */
export class Schedules {
  readonly #services: TaskServices
  readonly #clock: Clock
  readonly #start: Start

  constructor(services: TaskServices, clock: Clock, start: Start) {
    this.#services = services
    this.#clock = clock
    this.#start = start
  }

  /**
   * Takes it in. Its task is checked as if it were started now: the input against the promoted version's schema, and that
   * the service principal may start it.
   *
   * @throws {Problem} forbidden, schedule-invalid, schedule-exists (409), schedules-full (409), and as `submit` of the
   *   engine: definition-unknown, input-invalid, upload-missing, start-forbidden
   * @example
   * ```ts
   * await engine.schedules.create(
   *   { name: 'nightly', definition: 'course.export', input: { course }, cron: '30 2 * * *', timeZone: 'Europe/Zurich' },
   *   administrator,
   * )
   * ```
   */
  async create(request: ScheduleRequest, who: Principal): Promise<ScheduleView> {
    assertAdministrator(who, 'make a schedule')
    const { cron, definition, input, name, principal, timeZone } = checkSchedule(request)
    const next = await this.#next(cron, timeZone)
    const { row } = await checkSubmit(this.#services, { definition, input }, servicePrincipal(principal), null)
    const { count } = await this.#services.db
      .selectFrom('schedules')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    if (Number(count) >= defaults.schedulesMost) throw full()
    const made = await this.#services.db
      .insertInto('schedules')
      .values({
        ...{ name, definition, cron, principal, scope: row.scope, input: JSON.stringify(input ?? {}) },
        ...{ time_zone: timeZone, next_at: next, created_by: actorOf(who) },
        ...{ leased_until: null, paused_at: null, started_at: null, task_id: null, problem: null },
      })
      .returningAll()
      .executeTakeFirstOrThrow()
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? exists(name) : error
      })
    return view(made)
  }

  /** Those whose last time started nothing, by name, at most 100; paused ones are left out. */
  async refused(): Promise<RefusedSchedule[]> {
    const rows = await this.#services.db
      .selectFrom('schedules')
      .select(['name', 'problem'])
      .where('problem', 'is not', null)
      .where('paused_at', 'is', null)
      .orderBy('name')
      .limit(100)
      .execute()
    return rows.flatMap(({ name, problem }) =>
      problem === null ? [] : [{ name, code: problem.code, title: problem.title }],
    )
  }

  /** All of them, by name. @throws {Problem} forbidden */
  async list(who: Principal): Promise<ScheduleView[]> {
    assertAdministrator(who, 'see the schedules')
    const rows = await this.#services.db.selectFrom('schedules').selectAll().orderBy('name').execute()
    return rows.map(view)
  }

  /** Starts nothing more; the tasks that it has started stay. @throws {Problem} forbidden, schedule-unknown (404) */
  async remove(name: string, who: Principal): Promise<void> {
    assertAdministrator(who, 'remove a schedule')
    const gone = await this.#services.db.deleteFrom('schedules').where('name', '=', name).executeTakeFirst()
    if (gone.numDeletedRows === 0n) throw unknown(name)
  }

  /** Starts nothing until it is resumed. @throws {Problem} forbidden, schedule-unknown (404) */
  async pause(name: string, who: Principal): Promise<ScheduleView> {
    assertAdministrator(who, 'pause a schedule')
    const row = await this.#services.db
      .updateTable('schedules')
      .set({ paused_at: sql<Date>`coalesce(paused_at, ${clockNow(this.#clock)})` })
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) throw unknown(name)
    return view(row)
  }

  /** Goes on with its next time; what was due meanwhile is not made up for. @throws {Problem} forbidden, schedule-unknown (404) */
  async resume(name: string, who: Principal): Promise<ScheduleView> {
    assertAdministrator(who, 'resume a schedule')
    const { db } = this.#services
    const found = await db.selectFrom('schedules').selectAll().where('name', '=', name).executeTakeFirst()
    if (found === undefined) throw unknown(name)
    if (found.paused_at === null) return view(found)
    const row = await db
      .updateTable('schedules')
      .set({ paused_at: null, next_at: await this.#next(found.cron, found.time_zone) })
      .where('id', '=', found.id)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) throw unknown(name)
    return view(row)
  }

  /** Starts what is due. Any number of engines may do so at once. */
  startDue(): Promise<void> {
    return startDue(this.#services, this.#clock, this.#start)
  }

  async #next(cron: string, timeZone: string): Promise<Date> {
    const { rows } = await sql<{ now: Date }>`SELECT ${clockNow(this.#clock)} AS now`.execute(this.#services.db)
    try {
      return this.#services.dispatch.nextTime(cron, timeZone, rows[0]?.now ?? new Date())
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw scheduleInvalid([{ field: 'cron', message: `cannot be read (${message})` }])
    }
  }
}

function view(row: Selectable<Tables['schedules']>): ScheduleView {
  const { created_at, created_by, cron, definition, input, name, next_at, paused_at, problem, scope } = row
  const { id, name: principal } = servicePrincipal(row.principal)
  return {
    ...{ name, definition, scope, input, cron, timeZone: row.time_zone, principal: { id, name: principal } },
    nextAt: paused_at === null ? next_at : null,
    pausedAt: paused_at,
    last: row.started_at === null || row.task_id === null ? null : { dueAt: row.started_at, taskId: row.task_id },
    ...{ problem, createdBy: created_by, createdAt: created_at },
  }
}

function unknown(name: string): Problem {
  return new Problem({
    code: 'schedule-unknown',
    status: 404,
    title: 'There is no such schedule',
    detail: `No schedule is called ${name}.`,
    hint: '"errand schedules list" shows those there are.',
  })
}

function exists(name: string): Problem {
  return new Problem({
    code: 'schedule-exists',
    status: 409,
    title: 'There is a schedule of this name',
    detail: `${name} is taken.`,
    hint: 'Choose another name, or remove that schedule first.',
  })
}

function full(): Problem {
  return new Problem({
    code: 'schedules-full',
    status: 409,
    title: 'There are too many schedules',
    detail: `There may be ${defaults.schedulesMost}.`,
    hint: 'Remove some. What is done for each of many is one task with items.',
  })
}
