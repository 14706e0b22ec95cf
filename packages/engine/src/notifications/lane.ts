import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { closeChannel } from './delivery-log.ts'
import { note, type Taken, take } from './leases.ts'
import { render } from './render.ts'
import { type Channel, ChannelGone, type Message } from './types.ts'

/**
 * Passes on what one channel is to carry; each has its own, so that one that is slow holds up no other.
 *
 * A delivery is leased before it is tried and settled right after. Whoever is killed in between leaves it to others, once
 * the lease has run out, under the same id: nothing is lost, and what was taken by the other side in that very moment is
 * sent again in a way that it can tell.
 */
export class Lane {
  readonly channel: Channel
  readonly #db: Kysely<Tables>
  readonly #logger: Logger
  #closing = false

  constructor(db: Kysely<Tables>, channel: Channel, logger: Logger) {
    this.channel = channel
    this.#db = db
    this.#logger = logger.child({ channel: channel.name })
  }

  /** Does all that is due. */
  async run(): Promise<void> {
    while (!this.#closing) {
      // Taken from before the question, as the lease is counted from within it.
      const from = performance.now()
      const taken = await take(this.#db, this.channel.name)
      if (taken.length === 0) return
      const groups = [...Map.groupBy(taken, ({ leader }) => leader).values()]
      const last = from + defaults.deliveryLease - defaults.deliveryTimeout
      const worker = async () => {
        for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
          // What cannot be done within its lease is left to whoever takes it next.
          if (this.#closing || performance.now() > last) return
          await this.#attempt(group)
        }
      }
      await Promise.all(Array.from({ length: defaults.deliveriesAtOnce }, worker))
    }
  }

  async #attempt(group: readonly Taken[]): Promise<void> {
    const message = messageOf(group)
    if (message === undefined) return
    try {
      await withinTime(this.channel.send(message))
    } catch (error) {
      const detail = (error instanceof Error ? error.message : String(error)).slice(0, 500)
      this.#logger.warn({ err: error, message: message.id }, 'a notification was not delivered')
      const gone = error instanceof ChannelGone
      if (gone) await closeChannel(this.#db, this.channel.name, detail)
      return note(this.#db, group, gone ? 'gone' : 'failed', detail)
    }
    await note(this.#db, group, 'sent', null)
  }

  /** Begins nothing more. */
  stop(): void {
    this.#closing = true
  }

  close(): void {
    this.channel.close?.()
  }
}

/** One message for all that belongs together. Its id is that of the first delivery: the same however often it is tried. */
function messageOf(group: readonly Taken[]): Message | undefined {
  const [first] = group
  if (first === undefined) return undefined
  const { email, leader, locale, name, principal, time_zone: timeZone } = first
  const to = { id: principal, name: name ?? principal, email, locale, timeZone }
  return { id: leader, to, notifications: group.map((one) => render(one, to)) }
}

async function withinTime(sending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it took longer than ${defaults.deliveryTimeout / 1_000} s`)),
      defaults.deliveryTimeout,
    )
  })
  try {
    await Promise.race([sending, late])
  } finally {
    clearTimeout(timer)
  }
}
