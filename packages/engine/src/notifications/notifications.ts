import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { PeopleRecord } from '../access/people-record.ts'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import type { Bus } from '../events/bus.ts'
import { repeat } from '../timers.ts'
import type { OutboxLag } from '../types.ts'
import { DeliveryLog } from './delivery-log.ts'
import { emailChannel } from './email.ts'
import { Inbox } from './inbox.ts'
import { readLag } from './lag.ts'
import { Lane } from './lane.ts'
import { Preferences } from './preferences.ts'
import { route } from './routing.ts'
import type { Channel, NotificationConfig } from './types.ts'
import { webhookChannel } from './webhook.ts'

/** How people are told: one door to the room. */
export class Notifications {
  readonly inbox: Inbox
  readonly preferences: Preferences
  /** What was passed on, for staff. */
  readonly deliveries: DeliveryLog
  readonly #db: Kysely<Tables>
  readonly #channels: readonly string[]
  readonly #lanes: readonly Lane[]
  readonly #loops: readonly { stop(): Promise<void> }[]

  constructor(db: Kysely<Tables>, bus: Bus, people: PeopleRecord, logger: Logger, config: NotificationConfig = {}) {
    const channels = channelsOf(config)
    this.inbox = new Inbox(db, bus)
    this.preferences = new Preferences(db, people, channels)
    this.#db = db
    this.#channels = channels.map(({ name }) => name)
    this.deliveries = new DeliveryLog(db, this.#channels)
    this.#lanes = channels.map((channel) => new Lane(db, channel, logger))
    const routing = async () => {
      while ((await route(db, channels)) > 0);
    }
    // Where nobody is told but by the inbox there is nothing to pass on; a process that does will find what waits.
    const rounds = channels.length === 0 ? [] : [routing, ...this.#lanes.map((lane) => () => lane.run())]
    this.#loops = rounds.map((round) => repeat(defaults.deliveryInterval, logger, round))
  }

  /** How far each channel is behind. */
  lag(): Promise<OutboxLag[]> {
    return readLag(this.#db, this.#channels)
  }

  /** Removes what is kept no longer. */
  async sweep(): Promise<void> {
    await this.inbox.sweep()
  }

  async close(): Promise<void> {
    for (const lane of this.#lanes) lane.stop()
    for (const loop of this.#loops) await loop.stop()
    for (const lane of this.#lanes) lane.close()
  }
}

function channelsOf({ email, platform, publicUrl, webhooks = [] }: NotificationConfig): Channel[] {
  return [
    ...(email === undefined ? [] : [emailChannel(email, publicUrl)]),
    ...webhooks.map((webhook) => webhookChannel(webhook)),
    ...(platform === undefined
      ? []
      : [{ name: 'platform', needsEmail: false, cadence: 'now' as const, send: platform } satisfies Channel]),
  ]
}
