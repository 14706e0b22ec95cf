import type { Claim } from '@errand/engine'
import type { Failure } from '@errand/task'
import type { Logger } from 'pino'
import type { AbortReason } from './calls.ts'
import { STOP_ABORT_MS } from './config.ts'
import type { Lease } from './lease.ts'
import { report } from './report.ts'
import { RunSpan } from './run-span.ts'
import type { Slots } from './slots.ts'
import type { StepEnvironment } from './step-environment.ts'
import { notStarted, outOfMemory, refused, threadDied, timedOut } from './step-failures.ts'
import { type Ending, ThreadAttempt } from './thread-attempt.ts'

/** Where several reasons meet, the higher one decides how the attempt ends. */
const RANK: Readonly<Record<AbortReason, number>> = {
  'worker-stopping': 1,
  'step-timed-out': 2,
  canceled: 3,
  'claim-lost': 4,
}

/** One attempt of one step, from the claim to the report of how it ended. */
export class StepRun {
  readonly claim: Claim
  readonly lease: Lease
  readonly #environment: StepEnvironment
  readonly #logger: Logger
  readonly #giveUp = new AbortController()
  /** Aborts with the first reason to end. */
  readonly #unwanted = new AbortController()
  #reason: AbortReason | undefined
  #attempt: ThreadAttempt | undefined
  #kill = new AbortController()
  #graceTimer: NodeJS.Timeout | undefined
  #ended = false
  #span: RunSpan | undefined

  constructor(claim: Claim, lease: Lease, environment: StepEnvironment) {
    this.claim = claim
    this.lease = lease
    this.#environment = environment
    this.#logger = environment.logger.child({ taskId: claim.taskId, step: claim.step, attempt: claim.attempt })
  }

  /** Runs the step and reports how it ended. Never rejects. */
  async run(slots: Slots): Promise<void> {
    try {
      const leave = await slots.enter(this.#unwanted.signal)
      let ending: Ending = { kind: 'not-started' }
      if (leave === undefined) {
        // Claimed ahead, and there was no place for it after all: handed back.
        this.#reason ??= 'worker-stopping'
      } else {
        // From here on it runs: the time in which it waited is between what it follows from and this.
        this.#span = new RunSpan(this.claim)
        ending = await this.#inPlace().finally(leave)
      }
      this.#ended = true
      await this.#settle(ending)
      this.#span?.end(this.#reason ?? ending.kind)
    } catch (error) {
      this.#logger.error({ err: error }, 'a step could not be run')
      this.#span?.end('not-run')
    } finally {
      clearTimeout(this.#graceTimer)
    }
  }

  /** Signals the handler that it should end; after the grace period its thread is ended. */
  abort(reason: AbortReason): void {
    if (reason === 'claim-lost') this.#giveUp.abort()
    if (this.#ended) return
    if (this.#reason !== undefined) {
      if (RANK[reason] > RANK[this.#reason]) this.#reason = reason
      return
    }
    this.#reason = reason
    this.#unwanted.abort()
    this.#attempt?.abort(reason)
    const grace =
      reason === 'worker-stopping' ? Math.min(STOP_ABORT_MS, this.#environment.graceMs) : this.#environment.graceMs
    this.#graceTimer = setTimeout(() => this.#kill.abort(), grace)
  }

  /** Stops trying to report: the worker is going. The lease runs out, and the step is run elsewhere. */
  giveUp(): void {
    this.#giveUp.abort()
  }

  async #inPlace(): Promise<Ending> {
    const timeout = this.claim.timeout
    const timer = timeout === null ? undefined : setTimeout(() => this.abort('step-timed-out'), timeout * 1_000)
    try {
      const ending = await this.#inThread()
      // A thread that a former step keeps busy is no fault of this one: it has another try, in a fresh thread.
      return ending.kind === 'not-started' && this.#reason === undefined ? await this.#inThread() : ending
    } finally {
      clearTimeout(timer)
    }
  }

  async #inThread(): Promise<Ending> {
    const kill = new AbortController()
    this.#kill = kill
    const claim = { ...this.claim, traceparent: this.#span?.traceparent ?? null }
    const attempt = new ThreadAttempt(claim, this.lease, this.#environment, this.#logger, {
      kill,
      reason: () => this.#reason,
      lost: () => this.abort('claim-lost'),
    })
    this.#attempt = attempt
    if (this.#reason !== undefined) attempt.abort(this.#reason)
    return attempt.run()
  }

  async #settle(ending: Ending): Promise<void> {
    const { work, graceMs, memoryMb } = this.#environment
    const { claim } = this
    switch (this.#reason) {
      case 'claim-lost':
        this.#logger.info('the attempt was no longer this worker’s; its outcome was dropped')
        return
      case 'canceled':
        return this.#report('a canceled step', () => work.canceled(claim))
      case 'step-timed-out':
        return this.#fail(timedOut(claim.step, claim.timeout ?? graceMs / 1_000))
      case 'worker-stopping':
        if (ending.kind !== 'completed') return this.#report('a step handed back', () => work.release(claim))
    }
    if (ending.kind === 'completed') {
      if (claim.fanOut?.phase === 'planning') return this.#report('a plan', () => work.planned(claim))
      const result: unknown = JSON.parse(ending.json)
      return this.#report('a completed step', () => work.complete(claim, result))
    }
    if (ending.kind === 'failed') return this.#fail(ending.failure)
    if (ending.kind === 'out-of-memory') return this.#fail(outOfMemory(claim.step, memoryMb))
    if (ending.kind === 'not-started') return this.#fail(notStarted(claim.step))
    return this.#fail(threadDied(claim.step, ending.error, memoryMb))
  }

  #fail(failure: Failure): Promise<void> {
    this.#logger.warn({ code: failure.code, reference: failure.reference, stack: failure.stack }, failure.title)
    this.#span?.failed(failure)
    this.#environment.onFailure?.(failure)
    return this.#report('a failed step', () => this.#environment.work.fail(this.claim, failure))
  }

  async #report(what: string, action: () => Promise<void>): Promise<void> {
    const answer = await report(action, { what, logger: this.#logger, giveUp: this.#giveUp.signal })
    if (typeof answer !== 'object') return
    this.#logger.error({ err: answer }, `${what} was refused`)
    const failure = refused(this.claim.step, answer)
    await report(() => this.#environment.work.fail(this.claim, failure), {
      what: 'a refused step',
      logger: this.#logger,
      giveUp: this.#giveUp.signal,
    })
  }
}
