import { isFinal } from '@errand/task'
import { sql } from 'kysely'
import type { Rights } from '../access/access.ts'
import { defaults } from '../config.ts'
import type { GoneTask } from '../events/bus.ts'
import { Signals } from '../events/signals.ts'
import type { FeedEvent, Principal } from '../types.ts'
import { type FoundTask, shownTo, viewsById } from './read.ts'
import type { TaskServices } from './services.ts'

/** Watchers whose inboxes are looked into with one query: a millisecond's work. */
const AT_ONCE = 500

/** Somebody who follows all they may see, and what is to be told to them. */
interface Watcher {
  who: Principal
  signals: Signals
  /** Tasks that have changed, as they are now: each is told once, however often it has changed meanwhile. */
  changed: Map<string, { found: FoundTask; rights: Rights }>
  /** Tasks that were deleted. */
  gone: Set<string>
  /** Whether something may be new in the inbox: said by a signal, by the end of an own task, or by a while without any. */
  look: boolean
  /** What was last found unread, and told. */
  unread: number | undefined
  told: number | undefined
  /** What went wrong; or that so much waits that reading everything anew is less. */
  failure: unknown
  behind: boolean
}

/**
 * What all watchers of this process are told. The record is read once for all of them, not once for each: five thousand
 * pages that are open cost no more than the few that something has changed for.
 */
export class Feed {
  readonly #services: TaskServices
  readonly #watchers = new Set<Watcher>()
  readonly #changed = new Set<string>()
  readonly #gone = new Map<string, GoneTask>()
  readonly #signals = new Signals()
  #running: Promise<void> | undefined

  constructor(services: TaskServices) {
    this.#services = services
  }

  /** The tasks that `who` may see, whenever one changes, and how much of their inbox is unread; from now on. */
  async *follow(who: Principal, options: { signal?: AbortSignal } = {}): AsyncGenerator<FeedEvent> {
    const watcher: Watcher = {
      // One of its own: two pages of one person are two watchers.
      who: { ...who },
      signals: new Signals(options.signal),
      changed: new Map(),
      gone: new Set(),
      look: true,
      unread: undefined,
      told: undefined,
      failure: undefined,
      behind: false,
    }
    const leave = this.#enter(watcher)
    try {
      while (!watcher.signals.aborted) {
        watcher.signals.clear()
        if (watcher.failure !== undefined) throw watcher.failure
        if (watcher.behind) return
        for (const [id, { found, rights }] of watcher.changed) {
          watcher.changed.delete(id)
          yield { type: 'task', task: await shownTo(this.#services, who, found, rights) }
        }
        for (const id of watcher.gone) {
          watcher.gone.delete(id)
          yield { type: 'gone', id }
        }
        if (watcher.unread !== undefined && watcher.unread !== watcher.told) {
          watcher.told = watcher.unread
          yield { type: 'inbox', unread: watcher.unread }
        }
        await watcher.signals.wait(undefined)
      }
    } finally {
      await leave()
    }
  }

  /** Ends all feeds. */
  async close(): Promise<void> {
    this.#endAll()
    this.#watchers.clear()
    this.#signals.raise()
    await this.#running
  }

  /** Whoever watches is to begin anew. */
  #endAll(): void {
    for (const watcher of this.#watchers) {
      watcher.behind = true
      watcher.signals.raise()
    }
  }

  #enter(watcher: Watcher): () => Promise<void> {
    const { bus, watching } = this.#services
    this.#watchers.add(watcher)
    watching.enter(watcher.who)
    const off = bus.onInbox(watcher.who.id, () => {
      watcher.look = true
      this.#signals.raise()
    })
    this.#signals.raise()
    this.#running ??= this.#run()
    return async () => {
      off()
      watcher.signals.close()
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) this.#signals.raise()
      // Where the database cannot be told, or is closed already, what it says of them runs out by itself.
      await watching.leave(watcher.who).catch(() => undefined)
    }
  }

  /** Looks whenever something may have changed, for as long as anybody watches. */
  async #run(): Promise<void> {
    const { bus } = this.#services
    const offs = [
      bus.onAnyTask((id) => {
        this.#changed.add(id)
        this.#signals.raise()
      }),
      bus.onGone((task) => {
        this.#gone.set(task.id, task)
        this.#signals.raise()
      }),
      bus.onMissed(() => this.#endAll()),
    ]
    while (this.#watchers.size > 0) {
      this.#signals.clear()
      const looked = performance.now()
      await this.#look().catch((error: unknown) => this.#fail(error))
      if (!(await this.#signals.wait(defaults.watchingInterval)))
        for (const watcher of this.#watchers) watcher.look = true
      // What comes after a quiet time is told at once; what follows closely is told together.
      await this.#signals.pause(defaults.watchInterval, looked)
    }
    for (const off of offs) off()
    this.#changed.clear()
    this.#gone.clear()
    this.#running = undefined
  }

  /** What was missed is not known: whoever watches is to begin anew. */
  #fail(error: unknown): void {
    for (const watcher of this.#watchers) {
      watcher.failure = error
      watcher.signals.raise()
    }
  }

  async #look(): Promise<void> {
    const { db, watching } = this.#services
    const ids = [...this.#changed]
    this.#changed.clear()
    const gone = [...this.#gone.values()]
    this.#gone.clear()
    await watching.beat([...this.#watchers].map(({ who }) => who))
    const rows =
      ids.length === 0
        ? []
        : await db.selectFrom('tasks').selectAll().where(sql<boolean>`id = ANY(${ids}::uuid[])`).execute()
    const watchers = new Map([...this.#watchers].map((watcher) => [watcher.who, watcher]))
    const asked = await Promise.all(rows.map(async (row) => ({ row, audience: await this.#audience(row, watchers) })))
    const told = asked.filter(({ audience }) => audience.length > 0)
    // Only what somebody is told is read as a whole.
    const toldIds = told.map(({ row }) => row.id)
    const found = toldIds.length === 0 ? [] : await viewsById(this.#services, toldIds)
    const foundOf = new Map(found.map((each) => [each.task.id, each]))
    for (const { audience, row } of told) {
      const news = foundOf.get(row.id)
      if (news === undefined) continue
      for (const { rights, watcher } of audience) tell(watcher, { found: news, rights })
    }
    for (const task of gone) {
      for (const { watcher } of await this.#audience(task, watchers)) {
        watcher.gone.add(task.id)
        watcher.signals.raise()
      }
    }
    await this.#lookIntoInboxes()
  }

  /** Those who may see the task, and what each may do with it. */
  async #audience(row: GoneTask, watchers: ReadonlyMap<Principal, Watcher>) {
    const { access, catalog, db } = this.#services
    const shape = await catalog.shape(db, row.definition, row.version)
    const among = await access.among([...watchers.keys()], 'view', { task: row, shape })
    return among.flatMap(({ who, rights }) => {
      const watcher = watchers.get(who)
      return watcher === undefined ? [] : [{ watcher, rights }]
    })
  }

  async #lookIntoInboxes(): Promise<void> {
    const due = [...this.#watchers].filter(({ look }) => look)
    for (const watcher of due) watcher.look = false
    // Some at a time: what thousands are told must not hold up whoever asks for something else.
    for (let from = 0; from < due.length; from += AT_ONCE) {
      const some = due.slice(from, from + AT_ONCE)
      const unread = await this.#services.inbox.unreadOf([...new Set(some.map(({ who }) => who.id))])
      for (const watcher of some) {
        watcher.unread = unread.get(watcher.who.id) ?? 0
        if (watcher.unread !== watcher.told) watcher.signals.raise()
      }
    }
  }
}

function tell(watcher: Watcher, news: { found: FoundTask; rights: Rights }): void {
  const { task } = news.found
  watcher.look ||= task.owner === watcher.who.id && isFinal('task', task.state)
  watcher.changed.set(task.id, news)
  if (watcher.changed.size > defaults.feedBacklog) watcher.behind = true
  watcher.signals.raise()
}
