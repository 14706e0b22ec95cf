import { type Kysely, sql } from 'kysely'
import { assertGranted } from '../access/access.ts'
import type { PeopleRecord } from '../access/people-record.ts'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { Principal } from '../types.ts'
import { taskKinds } from './render.ts'
import type { Channel, PreferencesChange, PreferencesView } from './types.ts'

/** What people want to be told, by which channel and how often; in which language and time zone. */
export class Preferences {
  readonly #db: Kysely<Tables>
  readonly #people: PeopleRecord
  readonly #channels: readonly Channel[]

  constructor(db: Kysely<Tables>, people: PeopleRecord, channels: readonly Channel[]) {
    this.#db = db
    this.#people = people
    this.#channels = channels
  }

  async read(who: Principal): Promise<PreferencesView> {
    assertGranted(who, 'read', 'see these preferences')
    const preferences = await this.#db
      .selectFrom('preferences')
      .select(['kind', 'channel', 'cadence'])
      .where('principal', '=', who.id)
      .orderBy('kind')
      .orderBy('channel')
      .execute()
    const heard = await this.#db
      .selectFrom('notifications')
      .select('kind')
      .distinct()
      .where('principal', '=', who.id)
      .limit(MOST_KINDS)
      .execute()
    const kinds = [...heard, ...preferences].map(({ kind }) => kind).filter((kind) => kind !== '*')
    const { email, locale, timeZone } = await this.#people.contact(who)
    return {
      channels: this.#channels.map(({ cadence, name, needsEmail }) => ({
        name,
        cadence,
        reachable: !needsEmail || email !== null,
      })),
      kinds: [...new Set([...taskKinds, ...kinds.sort()])],
      preferences,
      email,
      locale,
      timeZone,
    }
  }

  /**
   * Changes what is named, and leaves the rest.
   *
   * @throws {Problem} `channel-unknown`, `preferences-too-many`
   */
  async change({ locale, preferences = [], timeZone }: PreferencesChange, who: Principal): Promise<PreferencesView> {
    assertGranted(who, 'write', 'change these preferences')
    for (const { channel } of preferences) {
      if (!this.#channels.some(({ name }) => name === channel)) throw this.#channelUnknown(channel)
    }
    if (locale !== undefined || timeZone !== undefined) await this.#people.speaks(who, { locale, timeZone })
    await this.#db.transaction().execute(async (trx) => {
      for (const { cadence, channel, kind } of preferences) {
        if (cadence === null) {
          await trx
            .deleteFrom('preferences')
            .where('principal', '=', who.id)
            .where('kind', '=', kind)
            .where('channel', '=', channel)
            .execute()
          continue
        }
        await trx
          .insertInto('preferences')
          .values({ principal: who.id, kind, channel, cadence })
          .onConflict((conflict) => conflict.columns(['principal', 'kind', 'channel']).doUpdateSet({ cadence }))
          .execute()
      }
      const { rows } = await sql<{ count: number }>`
        SELECT count(*)::int AS count FROM errand.preferences WHERE principal = ${who.id}`.execute(trx)
      if ((rows[0]?.count ?? 0) > MOST_PREFERENCES) throw tooMany()
    })
    return this.read(who)
  }

  #channelUnknown(channel: string): Problem {
    const names = this.#channels.map(({ name }) => name)
    return new Problem({
      code: 'channel-unknown',
      status: 400,
      title: `There is no channel ${channel}`,
      detail: names.length === 0 ? 'No channel is configured.' : `There are: ${names.join(', ')}.`,
      hint: 'The inbox tells everything; channels are configured under `notifications`.',
    })
  }
}

/** Kinds that are listed: a page shows no more. */
const MOST_KINDS = 100
/** Kinds times channels that one person may have an opinion on. */
const MOST_PREFERENCES = 1_000

function tooMany(): Problem {
  return new Problem({
    code: 'preferences-too-many',
    status: 409,
    title: 'Too many preferences',
    detail: `One person may have ${MOST_PREFERENCES}.`,
    hint: 'Give some back with the cadence null, or use the kind "*" for all.',
  })
}
