import type { Readable } from 'node:stream'
import type { ByteRange, DefinitionShape, Failure, MigratedTask } from '@errand/task'
import { sql } from 'kysely'
import { isId } from '../access/policy.ts'
import { defaults } from '../config.ts'
import { type Lease, queueOf, slicesOf } from '../dispatch/dispatch.ts'
import {
  claimSlices,
  compose,
  type FanOutRef,
  flushSlice,
  handBack,
  letGo,
  planFailedItems,
  planPage,
  takeInHand,
} from '../fan-out/index.ts'
import { ClaimLost, Problem } from '../problem.ts'
import type {
  ArtifactSink,
  Claim,
  ClaimRef,
  Composed,
  Edges,
  HeartbeatAnswer,
  ItemPage,
  SliceFlush,
  VersionMove,
  WorkerInfo,
  WorkerPort,
} from '../types.ts'
import { claimSteps, parseLease } from './claim.ts'
import { checkFailures, finishFanOut } from './fan-out.ts'
import { finishMove, type MoveOutcome } from './finish-move.ts'
import { isCleanup } from './lost.ts'
import { claimMoves } from './move.ts'
import type { Registered } from './registered.ts'
import { checkResult, Reports } from './reports.ts'
import { round, type Served } from './round.ts'
import type { TaskServices } from './services.ts'
import { createSettle } from './settle.ts'
import { withdrawn, workerIdInvalid } from './work-refusals.ts'

/** The engine's side towards workers. */
export class Work implements WorkerPort {
  readonly leaseMs = defaults.leaseSeconds * 1_000
  readonly #services: TaskServices
  readonly #reports: Reports
  readonly #settle: ReturnType<typeof createSettle>
  readonly #workers = new Map<string, Registered>()
  readonly #off: () => void

  constructor(services: TaskServices) {
    this.#services = services
    this.#reports = new Reports(services)
    this.#settle = createSettle(services)
    this.#off = services.bus.onQueue((queue) => {
      for (const worker of this.#workers.values()) worker.idleUntil.delete(queue)
    })
  }

  async register(worker: WorkerInfo, shapes: readonly DefinitionShape[]): Promise<void> {
    if (!isId(worker.id)) throw workerIdInvalid(worker.id)
    await this.#services.catalog.register(worker, shapes)
    const sliced = shapes
      .filter(({ steps }) => steps.some(({ kind }) => kind === 'fan-out'))
      .map(({ name, version }) => ({ name, version, queue: slicesOf(name, version) }))
    for (const { queue } of sliced) await this.#services.dispatch.ensure(queue)
    this.#workers.set(worker.id, {
      sliced,
      slicesTurn: 0,
      info: worker,
      definitions: shapes.map(({ name, version }) => ({ name, version, queue: queueOf(name, version) })),
      resuming: shapes.filter(({ resumes }) => resumes !== undefined),
      idleUntil: new Map(),
      turn: 0,
    })
  }

  async unregister(workerId: string): Promise<void> {
    this.#workers.delete(workerId)
    await this.#services.catalog.stopped(workerId)
  }

  async claim(workerId: string, limit: number): Promise<Claim[]> {
    const worker = this.#workers.get(workerId)
    if (worker === undefined) return []
    const take = (served: Served, wanted: number) => claimSteps(this.#services, worker.info, served, wanted)
    const { claims, turn } = await round(worker.idleUntil, worker.definitions, worker.turn, limit, take)
    worker.turn = turn
    return this.#stillAllowed(claims)
  }

  async claimSlices(workerId: string, limit: number): Promise<Claim[]> {
    const worker = this.#workers.get(workerId)
    if (worker === undefined) return []
    const poisoned: FanOutRef[] = []
    const take = async (served: Served, wanted: number) => {
      const found = await claimSlices(this.#services, worker.info, served, wanted)
      poisoned.push(...found.poisoned)
      return found
    }
    const { claims, turn } = await round(worker.idleUntil, worker.sliced, worker.slicesTurn, limit, take)
    worker.slicesTurn = turn
    for (const ref of poisoned) await checkFailures(this.#services, ref)
    return claims
  }

  async claimMoves(workerId: string, limit: number): Promise<VersionMove[]> {
    const moves: VersionMove[] = []
    for (const shape of this.#workers.get(workerId)?.resuming ?? []) {
      if (moves.length < limit) moves.push(...(await claimMoves(this.#services, shape, limit - moves.length)))
    }
    return moves
  }

  async finishMove(
    workerId: string,
    move: VersionMove,
    answer: MigratedTask | { failure: Failure },
  ): Promise<MoveOutcome> {
    const worker = this.#workers.get(workerId)
    if (worker === undefined) return 'left'
    return finishMove(this.#services, worker.info, move, answer)
  }

  /**
   * Asked again when a step begins: whoever lost the role that the task takes has its next step refused. Clean-up is
   * done nevertheless.
   */
  async #stillAllowed(claims: readonly Claim[]): Promise<Claim[]> {
    const allowed: Claim[] = []
    for (const claim of claims) {
      const shape = await this.#services.catalog.shape(this.#services.db, claim.definition, claim.version)
      const free = (shape.access?.start ?? 'anyone') === 'anyone' || isCleanup(claim)
      if (free || (await this.#mayGoOn(claim, shape))) allowed.push(claim)
      else await this.#settle({ claim: ref(claim), how: 'failed', failure: withdrawn(claim) }).catch(ignoreLost)
    }
    return allowed
  }

  async #mayGoOn({ principal, scope }: Claim, shape: DefinitionShape): Promise<boolean> {
    const owner = (await this.#services.people.find(principal.id)) ?? { ...principal, staff: false }
    return this.#services.access.may(owner, 'start', { task: { owner: owner.id, scope }, shape })
  }

  onWork(listener: () => void): () => void {
    return this.#services.bus.onQueue((queue) => {
      for (const { definitions, sliced } of this.#workers.values()) {
        if ([...definitions, ...sliced].some((served) => served.queue === queue)) return listener()
      }
    })
  }

  onCancel(listener: (taskId: string) => void): () => void {
    return this.#services.bus.onCanceled((taskId) => {
      // Clean-up steps run while their task is ending and are not to be ended with it. While one runs, no other does.
      this.#runsOrdinarySteps(taskId).then(
        (yes) => yes && listener(taskId),
        (error: unknown) =>
          this.#services.logger.warn({ err: error, task: taskId }, 'a cancel is passed on with the next heartbeat'),
      )
    })
  }

  async #runsOrdinarySteps(taskId: string): Promise<boolean> {
    const row = await this.#services.db
      .selectFrom('steps')
      .select('name')
      .where('task_id', '=', taskId)
      .where('state', '=', 'running')
      .where('kind', 'not in', ['on-failure', 'on-cancel'])
      .executeTakeFirst()
    return row !== undefined
  }

  async heartbeat(workerId: string, claims: readonly ClaimRef[]): Promise<HeartbeatAnswer> {
    await this.#services.catalog.beat(workerId)
    if (claims.length === 0) return { lost: [], canceling: [] }
    const { rows } = await sql<{ lease: string; queue: string; ending: boolean }>`
      SELECT s.lease, t.definition || '/v' || t.version AS queue,
        (t.state = 'canceling' OR t.failure IS NOT NULL) AND s.kind NOT IN ('on-failure', 'on-cancel') AS ending
      FROM jsonb_to_recordset(${JSON.stringify(claims)}::jsonb) AS x ("taskId" uuid, step text, lease text)
      JOIN errand.steps s ON s.task_id = x."taskId" AND s.name = x.step AND s.lease = x.lease AND s.state = 'running'
      JOIN errand.tasks t ON t.id = s.task_id
      UNION ALL
      SELECT s.lease, t.definition || '/v' || t.version || '/slices',
        t.state = 'canceling' OR t.failure IS NOT NULL
      FROM jsonb_to_recordset(${JSON.stringify(claims)}::jsonb) AS x (slice uuid, lease text)
      JOIN errand.slices s ON s.id = x.slice AND s.lease = x.lease AND s.state = 'running'
      JOIN errand.tasks t ON t.id = s.task_id`.execute(this.#services.db)
    const held = new Map(rows.map((row) => [row.lease, row]))
    const byQueue = Map.groupBy(rows, ({ queue }) => queue)
    for (const [queue, group] of byQueue) {
      const leases: Lease[] = group.map(({ lease }) => parseLease(lease))
      if ((await this.#services.dispatch.beat(queue, leases)) === leases.length) continue
      // Rare: some lease has lapsed. Only asking one by one tells which.
      for (const { lease } of group) {
        if ((await this.#services.dispatch.beat(queue, [parseLease(lease)])) === 0) held.delete(lease)
      }
    }
    return {
      lost: claims.filter(({ lease }) => !held.has(lease)),
      canceling: claims.filter(({ lease }) => held.get(lease)?.ending === true),
    }
  }

  async planItems(claim: Claim, page: ItemPage): Promise<boolean> {
    const { definition, version } = claim
    return planPage(this.#services, { ...ref(claim), definition, version }, page)
  }

  async planFailedItems(claim: ClaimRef): Promise<void> {
    const { definition, origin, version } = await this.#taskOf(claim)
    if (origin.of === undefined) throw new Error('The task does not run another one again.')
    await planFailedItems(this.#services, { ...ref(claim), definition, version }, origin.of)
  }

  async planned(claim: ClaimRef): Promise<void> {
    await this.#reports.flush(claim)
    const { definition, version } = await this.#taskOf(claim)
    await letGo(this.#services, ref(claim), queueOf(definition, version))
    // A share of all items may only now be known to be exceeded; and there may have been none at all.
    await checkFailures(this.#services, claim)
    await finishFanOut(this.#services, claim)
  }

  async flushSlice(claim: Claim, flush: SliceFlush): Promise<void> {
    const { failed, last } = await flushSlice(this.#services, claim, flush)
    if (failed) await checkFailures(this.#services, claim)
    if (last) await finishFanOut(this.#services, claim)
  }

  takeInHand(claim: ClaimRef, at: number): Promise<void> {
    return takeInHand(this.#services, claim, at)
  }

  async compose(claim: ClaimRef, edges: Edges, signal?: AbortSignal): Promise<Composed> {
    await this.#taskOf(claim)
    return compose(this.#services, ref(claim), edges, signal)
  }

  async progress(claim: ClaimRef, progress: { done: number; total?: number; message?: string }): Promise<void> {
    this.#reports.progress(claim, progress)
  }

  async log(claim: ClaimRef, message: string): Promise<void> {
    this.#reports.log(claim, message)
  }

  saveCheckpoint(claim: ClaimRef, value: unknown): Promise<void> {
    return this.#reports.saveCheckpoint(claim, value)
  }

  saveOnce(claim: ClaimRef, key: string, value: unknown): Promise<void> {
    return this.#reports.saveOnce(claim, key, value)
  }

  async readUpload(claim: ClaimRef, name: string, range?: ByteRange): Promise<Readable> {
    const task = await this.#taskOf(claim)
    const id = task.uploads[name]
    const upload = id === undefined ? undefined : await this.#services.uploads.find(id)
    if (upload === undefined) {
      throw new Problem({
        code: 'upload-unknown',
        status: 404,
        title: `There is no upload "${name}"`,
        detail: 'It was not handed in, or it has expired.',
        hint: 'Start the task again with the file.',
      })
    }
    return this.#services.uploads.read(upload, range)
  }

  async openArtifact(
    claim: ClaimRef,
    slot: string,
    options: { filename: string; mediaType?: string; handedOver?: boolean },
  ): Promise<ArtifactSink> {
    const task = await this.#taskOf(claim)
    const shape = await this.#services.catalog.shape(this.#services.db, task.definition, task.version)
    const declared = shape.artifacts[slot]
    if (declared === undefined) {
      throw new Problem({
        code: 'artifact-undeclared',
        status: 422,
        title: `The definition has no artifact "${slot}"`,
        hint: `It has: ${Object.keys(shape.artifacts).join(', ') || 'none'}.`,
      })
    }
    return this.#services.artifacts.open(claim, slot, declared, { ...options, definition: task.definition })
  }

  async #taskOf(claim: ClaimRef) {
    const tasks = this.#services.db.selectFrom('tasks')
    if (claim.slice !== undefined) {
      const row = await tasks
        .innerJoin('slices', 'slices.task_id', 'tasks.id')
        .select(['tasks.uploads', 'tasks.definition', 'tasks.version', 'tasks.origin'])
        .where('slices.id', '=', claim.slice)
        .where('slices.lease', '=', claim.lease)
        .executeTakeFirst()
      if (row === undefined) throw new ClaimLost('The slice is another worker’s by now, or its fan-out is over.')
      return row
    }
    const row = await tasks
      .innerJoin('steps', 'steps.task_id', 'tasks.id')
      .select(['tasks.uploads', 'tasks.definition', 'tasks.version', 'tasks.origin'])
      .where('tasks.id', '=', claim.taskId)
      .where('steps.name', '=', claim.step)
      .where('steps.lease', '=', claim.lease)
      .where('steps.state', '=', 'running')
      .executeTakeFirst()
    if (row === undefined) throw new ClaimLost('The attempt has lost its claim.')
    return row
  }

  async complete(claim: ClaimRef, result: unknown): Promise<void> {
    // A slice was over with its last flush.
    if (claim.slice !== undefined) return
    checkResult(result)
    await this.#reports.flush(claim)
    await this.#settle({ claim: ref(claim), how: 'completed', result })
  }

  async fail(claim: ClaimRef, failure: Failure): Promise<void> {
    if (claim.slice !== undefined) {
      await handBack(this.#services, claim, failure)
      return checkFailures(this.#services, claim)
    }
    await this.#reports.flush(claim)
    await this.#settle({ claim: ref(claim), how: 'failed', failure })
  }

  async canceled(claim: ClaimRef): Promise<void> {
    if (claim.slice !== undefined) return handBack(this.#services, claim, null)
    await this.#reports.flush(claim)
    await this.#settle({ claim: ref(claim), how: 'canceled' })
  }

  async release(claim: ClaimRef): Promise<void> {
    if (claim.slice !== undefined) return handBack(this.#services, claim, null)
    await this.#reports.flush(claim)
    await this.#settle({ claim: ref(claim), how: 'released' })
  }

  async close(): Promise<void> {
    this.#off()
    await this.#reports.close()
  }
}

/** A claim may carry more; only its name goes into the record. */
function ref({ lease, step, taskId }: ClaimRef): ClaimRef {
  return { taskId, step, lease }
}

function ignoreLost(error: unknown): void {
  if (!(error instanceof ClaimLost)) throw error
}
