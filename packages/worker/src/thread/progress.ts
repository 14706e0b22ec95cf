import { type StepNotes, tell } from '../calls.ts'
import type { Channel } from '../channel/channel.ts'
import { PROGRESS_INTERVAL_MS, PROGRESS_MESSAGE_LIMIT } from '../config.ts'
import { cut } from '../rate-limit.ts'

/** Sends a step's progress a few times a second, however often it is reported; the last value always. */
export class ProgressReport {
  readonly #channel: Channel
  readonly #now: () => number
  #sentAt = Number.NEGATIVE_INFINITY
  #waiting: StepNotes['progress'] | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(channel: Channel, now: () => number = () => performance.now()) {
    this.#channel = channel
    this.#now = now
  }

  report(done: number, total?: number, message?: string): void {
    // A division by zero in an author's percentage is no reason to fail the work.
    if (!Number.isFinite(done) || done < 0) return
    this.#waiting = {
      done,
      ...(total === undefined || !Number.isFinite(total) || total < 0 ? {} : { total }),
      ...(message === undefined ? {} : { message: cut(String(message), PROGRESS_MESSAGE_LIMIT) }),
    }
    const wait = this.#sentAt + PROGRESS_INTERVAL_MS - this.#now()
    // Sent from here where it is due, as a handler that never yields gives no timer a chance.
    if (wait <= 0) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), wait).unref()
  }

  /** Sends what waits. */
  close(): void {
    this.#send()
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting === undefined) return
    tell(this.#channel, 'progress', this.#waiting)
    this.#waiting = undefined
    this.#sentAt = this.#now()
  }
}
