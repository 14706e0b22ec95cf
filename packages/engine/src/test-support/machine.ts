import { randomUUID } from 'node:crypto'
import { canMove, type DefinitionShape, isFinal, type StepState, type TaskState } from '@errand/task'
import fc from 'fast-check'
import { sql } from 'kysely'
import { expect } from 'vitest'
import { queueOf } from '../dispatch/dispatch.ts'
import { cancelTask, endOverdue } from '../tasks/cancel.ts'
import { readTransitions } from '../tasks/read.ts'
import { reconcile } from '../tasks/reconcile.ts'
import { Work } from '../tasks/work.ts'
import type { Claim } from '../types.ts'
import { type Report, reach, TaskModel } from './model.ts'
import type { Rooms } from './rooms.ts'
import { until } from './until.ts'

/** How often each is chosen: often enough that a step gets somewhere, and is lost, now and then, five times. */
const WEIGHTS = {
  claim: 6,
  complete: 4,
  fail: 5,
  release: 4,
  canceled: 1,
  checkpoint: 1,
  twice: 1,
  lapse: 1,
  lose: 3,
  vanish: 1,
  cancel: 1,
  cancelRace: 2,
  overdue: 1,
  elsewhere: 1,
}

/** Something that happens to a task from outside. Numbers choose among what is there at that moment. */
export interface Command {
  kind: keyof typeof WEIGHTS
  pick: number
  flag: boolean
}

export const commandArbitrary: fc.Arbitrary<Command> = fc.record({
  kind: fc.oneof(...kinds().map((kind) => ({ arbitrary: fc.constant(kind), weight: WEIGHTS[kind] }))),
  pick: fc.nat({ max: 30 }),
  flag: fc.boolean(),
})

function kinds(): Command['kind'][] {
  return Object.keys(WEIGHTS).filter((kind): kind is Command['kind'] => kind in WEIGHTS)
}

/** Whoever works on the tasks right now. */
interface Port {
  rooms: Rooms
  work: Work
  worker: string
}

/** Does to real tasks of one definition what the commands say, and to a model of each, and compares the two. */
export class Machine {
  readonly #shape: DefinitionShape
  readonly #places: readonly Rooms[]
  #port: Port

  /** @param places - engines on one database; work moves between them as between processes */
  constructor(shape: DefinitionShape, places: readonly [Rooms, ...Rooms[]]) {
    this.#shape = shape
    this.#places = places
    this.#port = { rooms: places[0], work: places[0].work, worker: places[0].worker.id }
  }

  async run(commands: readonly Command[]): Promise<void> {
    // The rooms' own worker serves all definitions; this one must be given nothing of others.
    if (this.#port.work === this.#port.rooms.work) await this.#elsewhere(0)
    const { id } = await this.#port.rooms.submit({ definition: this.#shape.name, input: {} })
    const task = new DrivenTask(id, new TaskModel(this.#shape))
    await this.#compare(task)
    for (const command of commands) {
      await this.#do(task, command)
      await this.#compare(task)
    }
    await this.#finish(task)
    await this.#checkHistory(task)
    await this.#checkNothingLeft(task)
  }

  async #do(task: DrivenTask, { flag, kind, pick }: Command): Promise<void> {
    const { model } = task
    const { rooms, work } = this.#port
    // Mostly one that counts; now and then one that does not any more.
    const counting = task.claims.filter(({ lease, step }) => model.isCurrent(step, lease))
    const among = pick < 24 && counting.length > 0 ? counting : task.claims
    const claim = among[pick % Math.max(1, among.length)]
    switch (kind) {
      case 'claim':
        await this.#claim(task, (pick % 3) + 1)
        return
      case 'lapse':
      case 'lose':
        await rooms.lapse(this.#shape)
        model.lapse()
        // Now and then five times, which is when a step is given up.
        for (
          let times = kind === 'lose' ? (pick % 8 === 7 ? 5 : 1) : 0;
          times > 0 && (await this.#claim(task, 10));
          times--
        ) {
          await rooms.lapse(this.#shape)
          model.lapse()
        }
        return
      case 'vanish':
        return this.#vanish(task)
      case 'cancel':
        await cancelTask(rooms.services, task.id, { id: 'ada' })
        return model.cancel()
      case 'overdue':
        await sql`UPDATE errand.tasks SET deadline_at = now() - interval '1 second' WHERE id = ${task.id}::uuid`.execute(
          rooms.services.db,
        )
        await endOverdue(rooms.services)
        return model.deadline()
      case 'elsewhere':
        return this.#elsewhere(pick)
    }
    if (claim === undefined) return
    if (kind === 'cancelRace') return this.#cancelRace(task, claim, flag)
    if (kind === 'twice') return this.#twice(task, claim)
    if (kind === 'checkpoint') {
      const value = randomUUID()
      const current = model.isCurrent(claim.step, claim.lease)
      await this.#expectFence(current, work.saveCheckpoint(claim, value))
      const step = model.steps[claim.step]
      if (current && step !== undefined) Object.assign(step, { checkpoint: value, losses: 0 })
      return
    }
    const report: Report =
      kind === 'complete'
        ? { how: kind, result: randomUUID() }
        : kind === 'fail'
          ? { how: kind, retryable: flag }
          : { how: kind }
    const current = model.isCurrent(claim.step, claim.lease)
    await this.#expectFence(current, this.#send(claim, report))
    if (current) model.report(claim.step, report)
  }

  #send(claim: Claim, report: Report): Promise<void> {
    const { work } = this.#port
    if (report.how === 'complete') return work.complete(claim, report.result)
    if (report.how === 'canceled') return work.canceled(claim)
    if (report.how === 'release') return work.release(claim)
    return work.fail(claim, { code: 'x', title: 'No luck', detail: '', retryable: report.retryable, reference: 'r' })
  }

  async #expectFence(current: boolean, answer: Promise<void>): Promise<void> {
    if (current) await answer
    else {
      await expect(answer).rejects.toMatchObject({ code: 'claim-lost' })
      reach('a stale report was refused')
    }
  }

  /** Once, whether or not something can be claimed; the model learns which of them it was. */
  async #claim(task: DrivenTask, limit: number): Promise<boolean> {
    const { model } = task
    const { rooms, work, worker } = this.#port
    rooms.services.bus.tell({ queues: [queueOf(this.#shape.name, this.#shape.version)] })
    const claims = await work.claim(worker, limit)
    const learn = (claim: Claim) => {
      expect(claim.taskId).toBe(task.id)
      expect(claim.attempt).toBe(model.claimed(claim.step, claim.lease))
      expect(claim.checkpoint).toEqual(model.steps[claim.step]?.checkpoint)
      task.claims.push(claim)
    }
    // Clean-up can be among them that became ready only when the same call ended the last step before it.
    const [before, after] = [true, false].map((yes) =>
      claims.filter(({ step }) => model.claimable.includes(step) === yes),
    )
    before?.forEach(learn)
    const now = await this.#read(task)
    const gone = Object.entries(model.steps).filter(
      ([name, step]) => step.state === 'running' && isFinal('step', now.steps[name]?.state ?? 'pending'),
    )
    // A step that is given up fails the task, which then ends the others.
    for (const to of ['failed', 'canceled'] as const) {
      for (const [name] of gone) if (now.steps[name]?.state === to) model.ended(name, to)
    }
    after?.forEach(learn)
    return claims.length > 0 || gone.length > 0
  }

  async #vanish({ id, model }: DrivenTask): Promise<void> {
    const { services } = this.#port.rooms
    await sql`DELETE FROM errand_dispatch.job WHERE data->>'taskId' = ${id}`.execute(services.db)
    await sql`UPDATE errand.steps SET changed_at = now() - interval '1 minute', retry_at = NULL WHERE task_id = ${id}::uuid`.execute(
      services.db,
    )
    await reconcile(services)
    model.vanish()
  }

  async #twice({ model }: DrivenTask, claim: Claim): Promise<void> {
    const reports: Report[] = [
      { how: 'complete', result: randomUUID() },
      { how: 'fail', retryable: false },
    ]
    const current = model.isCurrent(claim.step, claim.lease)
    const answers = await Promise.allSettled(reports.map((report) => this.#send(claim, report)))
    const taken = reports.filter((_, index) => answers[index]?.status === 'fulfilled')
    expect(taken).toHaveLength(current ? 1 : 0)
    for (const report of taken) model.report(claim.step, report)
  }

  /** Either may come first; the record must be as after one of the two orders. */
  async #cancelRace(task: DrivenTask, claim: Claim, late: boolean): Promise<void> {
    const report: Report = { how: 'complete', result: randomUUID() }
    const current = task.model.isCurrent(claim.step, claim.lease)
    const sent = this.#expectFence(current, this.#send(claim, report))
    // A report waits one turn of the event loop for others to travel with; a cancel does not.
    for (let turns = late ? 5 : 0; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([sent, cancelTask(this.#port.rooms.services, task.id, { id: 'ada' })])
    const other = task.model.clone()
    if (current) task.model.report(claim.step, report)
    task.model.cancel()
    other.cancel()
    if (current) other.report(claim.step, report)
    const now = await this.#read(task)
    if (now.state === other.state && now.steps[claim.step]?.state === other.steps[claim.step]?.state) {
      const same = Object.entries(other.steps).every(([name, step]) => now.steps[name]?.state === step.state)
      if (same) task.model = other
      if (current) reach(same ? 'a cancel came before a completion' : 'a completion came before a cancel')
    }
  }

  /** Another engine, or where there can be only one, another worker. */
  async #elsewhere(pick: number): Promise<void> {
    const rooms = this.#places[pick % this.#places.length] ?? this.#port.rooms
    const work = new Work(rooms.services)
    const worker = { ...rooms.worker, id: randomUUID() }
    await work.register(worker, [this.#shape])
    this.#port = { rooms, work, worker: worker.id }
  }

  /** Everything that can be claimed completes, until the task is over. */
  async #finish(task: DrivenTask): Promise<void> {
    for (let rounds = 0; !task.model.over; rounds++) {
      if (rounds > 50) throw new Error(`It does not end: ${JSON.stringify(task.model)}`)
      for (const [step, { lease, state }] of Object.entries(task.model.steps)) {
        if (state !== 'running' || lease === null) continue
        const claim = task.claims.find((each) => each.step === step && each.lease === lease)
        if (claim === undefined) throw new Error(`Nobody has the claim of ${step}.`)
        const report: Report = { how: 'complete', result: randomUUID() }
        await this.#send(claim, report)
        task.model.report(step, report)
      }
      if (task.model.claimable.length > 0) await until(() => this.#claim(task, 3), `a claim of ${task.model.claimable}`)
      await this.#compare(task)
    }
  }

  async #read({ id }: DrivenTask): Promise<Stored> {
    const { rows } = await sql<Stored>`
      SELECT t.state, t.failure IS NOT NULL AS failed,
        (SELECT jsonb_object_agg(s.name, jsonb_build_object('state', s.state, 'attempt', s.attempt, 'losses', s.losses,
          'otherwise', s.otherwise, 'lease', s.lease, 'result', s.result, 'checkpoint', s.checkpoint))
          FROM errand.steps s WHERE s.task_id = t.id) AS steps,
        (SELECT count(*)::int FROM errand.steps s WHERE s.task_id = t.id AND s.state IN ('ready', 'running', 'retrying')
          AND NOT EXISTS (SELECT 1 FROM errand_dispatch.job j WHERE j.id = s.job)) AS "withoutJob"
      FROM errand.tasks t WHERE t.id = ${id}::uuid`.execute(this.#port.rooms.services.db)
    const [row] = rows
    if (row === undefined) throw new Error('The task is not there.')
    return row
  }

  async #compare(task: DrivenTask): Promise<void> {
    const { model } = task
    const steps = Object.fromEntries(
      Object.entries(model.steps).map(([name, { lapsed: _lapsed, ...step }]) => [name, step]),
    )
    expect(await this.#read(task)).toEqual({ state: model.state, failed: model.failed, steps, withoutJob: 0 })
  }

  async #checkHistory({ id, model }: DrivenTask): Promise<void> {
    const history = await readTransitions(this.#port.rooms.services.db, id)
    expect(history.map(({ sequence }) => sequence)).toEqual(history.map((_, index) => index + 1))
    const states = new Map<string | null, string>()
    for (const { from, step, to } of history) {
      // Steps begin as pending without a line of their own; the task's first line says where it came from.
      const before = states.get(step) ?? (step === null ? null : 'pending')
      expect(from).toBe(before)
      if (step !== null)
        expect(canMove('step', from as StepState, to as StepState), `${step}: ${from} to ${to}`).toBe(true)
      else if (from !== null) expect(canMove('task', from as TaskState, to as TaskState), `${from} to ${to}`).toBe(true)
      states.set(step, to)
    }
    expect(states.get(null)).toBe(model.state)
    for (const [name, { state }] of Object.entries(model.steps)) expect(states.get(name) ?? 'pending').toBe(state)
    expect(history.filter(({ step, to }) => step === null && isFinal('task', to as TaskState))).toHaveLength(1)
    if (history.some(({ step, to }) => step === null && to === 'canceling')) expect(model.state).toBe('canceled')
  }

  /** What is left of wake-ups is good for nothing, and goes. */
  async #checkNothingLeft(task: DrivenTask): Promise<void> {
    const { services } = this.#port.rooms
    await this.#port.rooms.lapse(this.#shape)
    await until(async () => {
      expect(await this.#claim(task, 10)).toBe(false)
      const { rows } = await sql<{ n: number }>`
        SELECT count(*)::int AS n FROM errand_dispatch.job WHERE data->>'taskId' = ${task.id}`.execute(services.db)
      return rows[0]?.n === 0
    }, 'the end of all jobs')
    await this.#compare(task)
  }
}

interface Stored {
  state: TaskState
  failed: boolean
  steps: Record<string, { state: StepState }>
  withoutJob: number
}

/** A real task, the model of it, and every claim of it that anybody has ever had. */
class DrivenTask {
  readonly id: string
  model: TaskModel
  readonly claims: Claim[] = []

  constructor(id: string, model: TaskModel) {
    this.id = id
    this.model = model
  }
}
