import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { PeopleRecord } from '../access/people-record.ts'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import type { Bus } from '../events/bus.ts'
import { repeat } from '../timers.ts'
import { Delivery } from './delivery.ts'
import { emailChannel } from './email.ts'
import { Inbox } from './inbox.ts'
import { Preferences } from './preferences.ts'
import type { Channel, NotificationConfig } from './types.ts'
import { webhookChannel } from './webhook.ts'

/** How people are told: one door to the room. */
export class Notifications {
  readonly inbox: Inbox
  readonly preferences: Preferences
  readonly #delivery: Delivery
  readonly #loop: { stop(): Promise<void> }

  constructor(db: Kysely<Tables>, bus: Bus, people: PeopleRecord, logger: Logger, config: NotificationConfig = {}) {
    const channels = channelsOf(config)
    this.inbox = new Inbox(db, bus)
    this.preferences = new Preferences(db, people, channels)
    this.#delivery = new Delivery(db, channels, logger)
    // Where nobody is told but by the inbox there is nothing to pass on; a process that does will find what waits.
    this.#loop =
      channels.length === 0
        ? { stop: async () => undefined }
        : repeat(defaults.deliveryInterval, logger, () => this.#delivery.run())
  }

  /** Removes what is kept no longer. */
  async sweep(): Promise<void> {
    await this.inbox.sweep()
  }

  async close(): Promise<void> {
    await this.#loop.stop()
    this.#delivery.close()
  }
}

function channelsOf({ email, platform, publicUrl, webhooks = [] }: NotificationConfig): Channel[] {
  return [
    ...(email === undefined ? [] : [emailChannel(email, publicUrl)]),
    ...webhooks.map(webhookChannel),
    ...(platform === undefined
      ? []
      : [{ name: 'platform', needsEmail: false, cadence: 'now' as const, send: platform } satisfies Channel]),
  ]
}
