import { tell } from '../calls.ts'
import type { Channel } from '../channel/channel.ts'
import { LOG_LINE_LIMIT, LOG_RATE } from '../config.ts'
import { cut, RateLimit } from '../rate-limit.ts'

/** The task's activity log, for people: long lines are cut, and a flood is thinned out and says so. */
export class ActivityLog {
  readonly #channel: Channel
  readonly #limit: RateLimit

  constructor(channel: Channel, limit: RateLimit = new RateLimit(LOG_RATE)) {
    this.#channel = channel
    this.#limit = limit
  }

  write(message: string): void {
    if (!this.#limit.allow()) return
    this.#sayLeftOut()
    tell(this.#channel, 'log', cut(String(message), LOG_LINE_LIMIT))
  }

  close(): void {
    this.#sayLeftOut()
  }

  #sayLeftOut(): void {
    const count = this.#limit.takeLeftOut()
    if (count === 0) return
    const lines = count === 1 ? '1 line was' : `${count} lines were`
    tell(this.#channel, 'log', `${lines} left out: no more than ${LOG_RATE.perSecond} a second are kept.`)
  }
}
