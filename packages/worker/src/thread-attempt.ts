import { MessageChannel } from 'node:worker_threads'
import { type Claim, ClaimLost } from '@errand/engine'
import type { Logger } from 'pino'
import type { AbortReason, Outcome, StepNotes } from './calls.ts'
import { Channel } from './channel/channel.ts'
import type { Lease } from './lease.ts'
import { isClaimLost } from './report.ts'
import type { StepEnvironment } from './step-environment.ts'
import { StepReports } from './step-reports.ts'
import { StepServices } from './step-services.ts'

/** How a thread let go of a step: with an outcome, or dead. */
export type Ending = Outcome | { kind: 'died'; error: unknown } | { kind: 'not-started' } | { kind: 'out-of-memory' }

type Note = { [Name in keyof StepNotes]: { name: Name; value: StepNotes[Name] } }[keyof StepNotes]

/** What an attempt shares with the run it is part of. */
export interface AttemptLinks {
  /** Ends the thread. */
  kill: AbortController
  /** Why the step is to end, if it is. */
  reason(): AbortReason | undefined
  /** The engine says that the attempt is another's by now. */
  lost(): void
}

/** A step in a thread: the channel to it, what it is served, and how it lets go of the step. */
export class ThreadAttempt {
  readonly #claim: Claim
  readonly #lease: Lease
  readonly #environment: StepEnvironment
  readonly #links: AttemptLinks
  readonly #pack: number
  readonly #outcome = Promise.withResolvers<Outcome>()
  readonly #ports = new MessageChannel()
  readonly #reports: StepReports
  readonly #services: StepServices
  readonly #channel: Channel
  #started = false
  #overMemory = false
  #unwatch: (() => void) | undefined

  constructor(claim: Claim, lease: Lease, environment: StepEnvironment, logger: Logger, links: AttemptLinks) {
    const { packs, work } = environment
    const pack = packs.packOf(claim.definition, claim.version)
    if (pack === undefined) {
      throw new Error(`The engine handed out ${claim.definition}@${claim.version}, which is not served.`)
    }
    this.#claim = claim
    this.#lease = lease
    this.#environment = environment
    this.#links = links
    this.#pack = pack
    this.#reports = new StepReports(claim, work, logger, links.lost)
    this.#channel = new Channel(this.#ports.port1, {
      call: (method, args) => this.#serve(method, args),
      // The thread's end is of this package and version: `tell` has checked name and value against one type.
      note: (name, value) => this.#hear({ name, value } as Note),
    })
    const store = (name: string) => packs.store(pack, name)
    this.#services = new StepServices(claim, lease, work, store, this.#channel)
  }

  /** Signals the handler. */
  abort(reason: AbortReason): void {
    this.#channel.note('abort', reason)
    this.#services.abort()
  }

  /** Runs the step; resolves when nothing of it is under way any more. */
  async run(): Promise<Ending> {
    const { threads, startMs, graceMs } = this.#environment
    const { kill } = this.#links
    const startTimer = setTimeout(() => {
      if (!this.#started) kill.abort()
    }, startMs)
    const step = { claim: this.#claim, heldUntil: this.#lease.until, pack: this.#pack, port: this.#ports.port2 }
    const died = threads.runStep(step, kill.signal).then(
      () => this.#outcome.promise,
      (error: unknown) => this.#death(error),
    )
    const ending: Ending = await Promise.race([this.#outcome.promise, died])
    clearTimeout(startTimer)
    this.#unwatch?.()
    // Its thread has lost its way, even though it could still say so.
    if (ending.kind === 'failed' && ending.crashed) kill.abort()
    this.#channel.close()
    await this.#reports.settled()
    await withinGrace(this.#services.idle(), graceMs)
    return ending
  }

  #death(error: unknown): Ending {
    if (this.#overMemory) return { kind: 'out-of-memory' }
    const stuck = !this.#started && this.#links.kill.signal.aborted && this.#links.reason() === undefined
    return stuck ? { kind: 'not-started' } : { kind: 'died', error }
  }

  async #serve(method: string, args: unknown): Promise<unknown> {
    if (this.#links.reason() === 'claim-lost') {
      throw new ClaimLost('The attempt has lost its claim; nothing was stored.')
    }
    try {
      return await this.#services.call(method, args)
    } catch (error) {
      if (isClaimLost(error)) this.#links.lost()
      throw error
    }
  }

  #hear(note: Note): void {
    if (note.name === 'started') {
      this.#started = true
      this.#unwatch = this.#environment.threads.watchMemory(note.value.threadId, () => {
        this.#overMemory = true
        this.#links.kill.abort()
      })
    } else if (note.name === 'outcome') this.#outcome.resolve(note.value)
    else if (this.#links.reason() === 'claim-lost') return
    else if (note.name === 'progress') this.#reports.progress(note.value)
    else this.#reports.log(note.value)
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
