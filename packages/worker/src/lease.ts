import type { ClaimRef, WorkerPort } from '@errand/engine'

/**
 * Milliseconds on a clock that nobody sets, that all threads of the process share, and that goes on while the process
 * stands still.
 */
export function steadyNow(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}

/**
 * How long an attempt is this worker's for certain. A process may stand still at any moment, for as long as it takes
 * (a suspended machine, a debugger, memory that is swapped in), and nobody tells it afterwards; so before a step's code
 * begins, the time is looked at, and where it has passed the record is asked.
 */
export class Lease {
  readonly #work: Pick<WorkerPort, 'heartbeat' | 'leaseMs'>
  readonly #workerId: string
  readonly #claim: ClaimRef
  #until = 0

  /** @param asked - when the claim was asked for: the record's lease began after that */
  constructor(work: Pick<WorkerPort, 'heartbeat' | 'leaseMs'>, workerId: string, claim: ClaimRef, asked: number) {
    this.#work = work
    this.#workerId = workerId
    this.#claim = claim
    this.renewed(asked)
  }

  /** By {@link steadyNow}. */
  get until(): number {
    return this.#until
  }

  /** The record has said that it holds; it was asked at `asked`. */
  renewed(asked: number): void {
    this.#until = Math.max(this.#until, asked + this.#work.leaseMs)
  }

  /** Asks the record. @returns whether the attempt is still this worker's */
  async confirm(): Promise<boolean> {
    const asked = steadyNow()
    const { lost } = await this.#work.heartbeat(this.#workerId, [this.#claim])
    if (lost.length > 0) return false
    this.renewed(asked)
    return true
  }
}
