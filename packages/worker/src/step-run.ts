import { MessageChannel } from 'node:worker_threads'
import { type Claim, ClaimLost, type WorkerPort } from '@errand/engine'
import type { Failure } from '@errand/task'
import type { Logger } from 'pino'
import type { AbortReason, Outcome, StepNotes } from './calls.ts'
import { Channel } from './channel/channel.ts'
import { STEP_START_MS, STOP_ABORT_MS } from './config.ts'
import { isClaimLost, report } from './report.ts'
import type { ServedPacks } from './served-packs.ts'
import { notStarted, outOfMemory, refused, threadDied, timedOut } from './step-failures.ts'
import { StepReports } from './step-reports.ts'
import { StepServices } from './step-services.ts'
import type { Threads } from './threads.ts'

/** What all steps of one worker have in common. */
export interface StepEnvironment {
  work: WorkerPort
  threads: Threads
  packs: ServedPacks
  logger: Logger
  graceMs: number
  memoryMb: number
  onFailure: ((failure: Failure) => void) | undefined
}

/** Where several reasons meet, the higher one decides how the attempt ends. */
const RANK: Readonly<Record<AbortReason, number>> = {
  'worker-stopping': 1,
  'step-timed-out': 2,
  canceled: 3,
  'claim-lost': 4,
}

/** How a thread let go of a step: with an outcome, or dead. */
type Ending = Outcome | { kind: 'died'; error: unknown } | { kind: 'not-started' } | { kind: 'out-of-memory' }

/** One attempt of one step, from the claim to the report of how it ended. */
export class StepRun {
  readonly claim: Claim
  readonly #environment: StepEnvironment
  readonly #logger: Logger
  readonly #giveUp = new AbortController()
  #reason: AbortReason | undefined
  #channel: Channel | undefined
  #kill = new AbortController()
  #graceTimer: NodeJS.Timeout | undefined
  #ended = false

  constructor(claim: Claim, environment: StepEnvironment) {
    this.claim = claim
    this.#environment = environment
    this.#logger = environment.logger.child({ taskId: claim.taskId, step: claim.step, attempt: claim.attempt })
  }

  /** Runs the step and reports how it ended. Never rejects. */
  async run(): Promise<void> {
    const timeout = this.claim.timeout
    const timer = timeout === null ? undefined : setTimeout(() => this.abort('step-timed-out'), timeout * 1_000)
    try {
      let ending = await this.#inThread()
      // A thread that a former step keeps busy is no fault of this one: it has another try, in a fresh thread.
      if (ending.kind === 'not-started' && this.#reason === undefined) ending = await this.#inThread()
      this.#ended = true
      await this.#settle(ending)
    } catch (error) {
      this.#logger.error({ err: error }, 'a step could not be run')
    } finally {
      clearTimeout(timer)
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
    this.#channel?.note('abort', reason)
    const grace =
      reason === 'worker-stopping' ? Math.min(STOP_ABORT_MS, this.#environment.graceMs) : this.#environment.graceMs
    this.#graceTimer = setTimeout(() => this.#kill.abort(), grace)
  }

  /** Stops trying to report: the worker is going. The lease runs out, and the step is run elsewhere. */
  giveUp(): void {
    this.#giveUp.abort()
  }

  async #inThread(): Promise<Ending> {
    const { work, threads, packs } = this.#environment
    const { claim } = this
    const pack = packs.packOf(claim.definition, claim.version)
    if (pack === undefined)
      throw new Error(`The engine handed out ${claim.definition}@${claim.version}, which is not served.`)
    const kill = new AbortController()
    this.#kill = kill
    const reports = new StepReports(claim, work, this.#logger, () => this.abort('claim-lost'))
    const { port1, port2 } = new MessageChannel()
    const outcome = Promise.withResolvers<Outcome>()
    let started = false
    let overMemory = false
    let unwatch: (() => void) | undefined
    const startTimer = setTimeout(() => {
      if (!started) kill.abort()
    }, STEP_START_MS)
    const channel: Channel = new Channel(port1, {
      call: async (method, args) => {
        if (this.#reason === 'claim-lost') throw new ClaimLost('The attempt has lost its claim; nothing was stored.')
        try {
          return await services.call(method, args)
        } catch (error) {
          if (isClaimLost(error)) this.abort('claim-lost')
          throw error
        }
      },
      note: (name, value) => {
        const note = { name, value } as {
          [Name in keyof StepNotes]: { name: Name; value: StepNotes[Name] }
        }[keyof StepNotes]
        if (note.name === 'started') {
          started = true
          unwatch = threads.watchMemory(note.value.threadId, () => {
            overMemory = true
            kill.abort()
          })
        } else if (note.name === 'outcome') outcome.resolve(note.value)
        else if (this.#reason === 'claim-lost') return
        else if (note.name === 'progress') reports.progress(note.value)
        else reports.log(note.value)
      },
    })
    const services = new StepServices(
      claim,
      work,
      (name) => packs.store(pack, name),
      () => channel,
    )
    this.#channel = channel
    if (this.#reason !== undefined) channel.note('abort', this.#reason)

    const ran = threads.runStep({ claim, pack, port: port2 }, kill.signal)
    const died = ran.then(
      () => outcome.promise,
      (error: unknown): Ending => {
        if (overMemory) return { kind: 'out-of-memory' }
        const stuck = !started && kill.signal.aborted && this.#reason === undefined
        return stuck ? { kind: 'not-started' } : { kind: 'died', error }
      },
    )
    const ending: Ending = await Promise.race([outcome.promise, died])
    clearTimeout(startTimer)
    unwatch?.()
    // Its thread has lost its way, even though it could still say so.
    if (ending.kind === 'failed' && ending.crashed) kill.abort()
    channel.close()
    await reports.settled()
    await withinGrace(services.idle(), this.#environment.graceMs)
    return ending
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

/** Storage that hangs must not keep a step from ending. */
async function withinGrace(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}
