import type { Claim, ClaimRef, WorkerInfo } from '@errand/engine'
import { HEARTBEAT_MS, MOST_UNRECORDED, POLL_MS, REPORT_RETRY_MS, STEP_PLACES } from './config.ts'
import { Lease, steadyNow } from './lease.ts'
import { Slots } from './slots.ts'
import type { StepEnvironment } from './step-environment.ts'
import { StepRun } from './step-run.ts'

/** Claims steps while there is room for them, runs them, and keeps their leases alive. */
export class ClaimLoop {
  readonly #info: WorkerInfo
  readonly #environment: StepEnvironment
  readonly #slots: Slots
  /** By lease. */
  readonly #runs = new Map<string, { run: StepRun; over: Promise<void> }>()
  /** Tasks that were canceled while a claim was under way, which may have handed out one of their steps. */
  readonly #canceled = new Set<string>()
  #unsubscribe: (() => void)[] = []
  #timers: NodeJS.Timeout[] = []
  /** Slices in hand. */
  #slices = 0
  #claiming: Promise<void> | undefined
  #again = false
  #stopped = true
  #beating = false

  constructor(info: WorkerInfo, environment: StepEnvironment) {
    this.#info = info
    this.#slots = new Slots(info.concurrency, () => this.#wake())
    this.#environment = environment
  }

  get running(): number {
    return this.#runs.size
  }

  start(): void {
    const { work } = this.#environment
    this.#stopped = false
    this.#unsubscribe = [work.onWork(() => this.#wake()), work.onCancel((taskId) => this.#cancel(taskId))]
    this.#timers = [setInterval(() => this.#wake(), POLL_MS), setInterval(() => void this.#heartbeat(), HEARTBEAT_MS)]
    this.#wake()
  }

  /** Takes nothing more; ends what is in hand, or hands it back. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true
    for (const unsubscribe of this.#unsubscribe.splice(0, 1)) unsubscribe()
    await this.#claiming
    if (!(await this.#allOver(graceMs))) {
      for (const { run } of this.#runs.values()) run.abort('worker-stopping')
      // They have the abort's grace and then lose their threads. What is still here after that cannot be reported.
      if (!(await this.#allOver(this.#environment.graceMs + REPORT_RETRY_MS.longest))) {
        for (const { run } of this.#runs.values()) run.giveUp()
        await this.#allOver(REPORT_RETRY_MS.longest)
      }
    }
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    await this.#environment.work.unregister(this.#info.id).catch((error: unknown) => {
      this.#environment.logger.warn({ err: error }, 'the worker could not be unregistered')
    })
  }

  async #allOver(ms: number): Promise<boolean> {
    if (this.#runs.size === 0) return true
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), ms)
    })
    const over = Promise.all([...this.#runs.values()].map((each) => each.over)).then(() => true)
    const ended = await Promise.race([over, late])
    clearTimeout(timer)
    return ended
  }

  #wake(): void {
    if (this.#stopped) return
    // Work that is announced while a claim is under way may have come too late for it.
    if (this.#claiming) this.#again = true
    else
      this.#claiming = this.#claim().finally(() => {
        this.#claiming = undefined
        this.#canceled.clear()
        // Woken after the last look, and before this line.
        if (this.#again) this.#wake()
      })
  }

  async #claim(): Promise<void> {
    do {
      this.#again = false
      const { work } = this.#environment
      try {
        const room = this.#room
        if (room <= 0) return
        const asked = steadyNow()
        for (const claim of await work.claim(this.#info.id, room)) this.#run(claim, asked)
        const slices = Math.min(this.#room, this.#mostSlices - this.#slices)
        const askedAgain = steadyNow()
        if (slices > 0) for (const claim of await work.claimSlices(this.#info.id, slices)) this.#run(claim, askedAgain)
      } catch (error) {
        // The next poll tries again.
        this.#environment.logger.warn({ err: error }, 'no work could be claimed')
      }
    } while (this.#again && !this.#stopped)
  }

  get #room(): number {
    return Math.min(this.#slots.room, this.#info.concurrency + MOST_UNRECORDED - this.#runs.size)
  }

  get #mostSlices(): number {
    return Math.max(1, this.#info.concurrency - STEP_PLACES)
  }

  #run(claim: Claim, asked: number): void {
    const { lease } = claim
    const held = new Lease(this.#environment.work, this.#info.id, claim, asked)
    const run = new StepRun(claim, held, this.#environment)
    if (claim.slice !== undefined) this.#slices++
    const over = run.run(this.#slots).finally(() => {
      if (claim.slice !== undefined) this.#slices--
      this.#runs.delete(lease)
      this.#wake()
    })
    this.#runs.set(lease, { run, over })
    if (this.#canceled.has(claim.taskId) && claim.kind !== 'on-failure') cancelRun(run)
  }

  #cancel(taskId: string): void {
    if (this.#claiming) this.#canceled.add(taskId)
    for (const { run } of this.#runs.values()) {
      // The word that a step has failed may come after the clean-up for it was claimed. A cancel of that one comes
      // with the heartbeat.
      if (run.claim.taskId === taskId && run.claim.kind !== 'on-failure') cancelRun(run)
    }
  }

  async #heartbeat(): Promise<void> {
    // One that hangs with the database is not joined by more.
    if (this.#beating) return
    this.#beating = true
    try {
      const claims: ClaimRef[] = [...this.#runs.values()].map(({ run: { claim } }) => ({
        taskId: claim.taskId,
        step: claim.step,
        lease: claim.lease,
        ...(claim.slice === undefined ? {} : { slice: claim.slice }),
      }))
      const asked = steadyNow()
      const { lost, canceling } = await this.#environment.work.heartbeat(this.#info.id, claims)
      const gone = new Set(lost.map(({ lease }) => lease))
      for (const { lease } of claims) {
        const run = this.#runs.get(lease)?.run
        if (gone.has(lease)) run?.abort('claim-lost')
        else run?.lease.renewed(asked)
      }
      for (const { lease } of canceling) {
        const found = this.#runs.get(lease)
        if (found) cancelRun(found.run)
      }
    } catch (error) {
      this.#environment.logger.warn({ err: error }, 'no heartbeat could be recorded')
    } finally {
      this.#beating = false
    }
  }
}

/** The step that cleans up after a cancel is not itself canceled. */
function cancelRun(run: StepRun): void {
  if (run.claim.kind !== 'on-cancel') run.abort('canceled')
}
