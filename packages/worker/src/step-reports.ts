import type { Claim, WorkerPort } from '@errand/engine'
import type { Logger } from 'pino'
import type { StepNotes } from './calls.ts'
import { isClaimLost } from './report.ts'

/**
 * Passes a step's progress and log lines on, one write at a time and in order. Of progress only the newest
 * matters: while the database is slow, what came in between is left out.
 */
export class StepReports {
  readonly #claim: Claim
  readonly #work: WorkerPort
  readonly #logger: Logger
  readonly #lost: () => void
  #progress: StepNotes['progress'] | undefined
  readonly #lines: string[] = []
  #sending: Promise<void> | undefined

  /** @param lost - called when the engine says that the attempt is another's */
  constructor(claim: Claim, work: WorkerPort, logger: Logger, lost: () => void) {
    this.#claim = claim
    this.#work = work
    this.#logger = logger
    this.#lost = lost
  }

  progress(progress: StepNotes['progress']): void {
    this.#progress = progress
    this.#sending ??= this.#send()
  }

  log(line: string): void {
    this.#lines.push(line)
    this.#sending ??= this.#send()
  }

  /** When everything has been passed on. */
  async settled(): Promise<void> {
    await this.#sending
  }

  async #send(): Promise<void> {
    try {
      while (this.#lines.length > 0 || this.#progress !== undefined) {
        const lines = this.#lines.splice(0)
        const progress = this.#progress
        this.#progress = undefined
        for (const line of lines) await this.#work.log(this.#claim, line)
        if (progress !== undefined) await this.#work.progress(this.#claim, progress)
      }
    } catch (error) {
      if (isClaimLost(error)) this.#lost()
      // A line that is lost while the database is away is no reason to fail the work.
      else this.#logger.warn({ err: error }, 'progress or log of a step could not be recorded')
    } finally {
      this.#sending = undefined
    }
  }
}
