import { EventEmitter } from 'node:events'
import { type Kysely, sql } from 'kysely'
import type pg from 'pg'
import type { Logger } from 'pino'
import { defaults } from '../config.ts'
import type { Database } from '../database/open.ts'
import type { PostgresAccess } from '../database/postgres-connection.ts'
import type { Tables } from '../database/schema.ts'

/** What one process tells the others after a commit. A hint, never the truth: whoever hears it looks at the record. */
export interface Signal {
  /** Tasks that have changed. */
  tasks?: Iterable<string>
  /** Tasks that have changed and are over now. */
  over?: Iterable<string>
  /** Queues that have got work. */
  queues?: Iterable<string>
  /** Tasks that are asked to end. */
  canceled?: Iterable<string>
  /** People whose inbox has changed. */
  inboxes?: Iterable<string>
  /** Tasks that are no more: what tells who might see them, as the record does not any longer. */
  gone?: Iterable<GoneTask>
}

export interface GoneTask {
  id: string
  owner: string
  scope: string
  definition: string
  version: number
}

export interface Bus {
  /** Tells this process at once, and the others soon after; never fails. */
  tell(signal: Signal): void
  /** @param listener - told as well whether it is over */
  onTask(taskId: string, listener: (over: boolean) => void): () => void
  onAnyTask(listener: (taskId: string) => void): () => void
  onQueue(listener: (queue: string) => void): () => void
  onCanceled(listener: (taskId: string) => void): () => void
  onInbox(principal: string, listener: () => void): () => void
  onGone(listener: (task: GoneTask) => void): () => void
  /** What others told may have been lost, as they could not be heard for a while. */
  onMissed(listener: () => void): () => void
  close(): Promise<void>
}

const CHANNEL = 'errand'
/** PostgreSQL's limit is 8,000 bytes. */
const PAYLOAD_LIMIT = 7_500
/** Milliseconds: signals of one moment travel together, as each NOTIFY takes a lock that all commits wait for. */
const COALESCE = 5
/** Milliseconds before the listening connection is tried again. */
const RECONNECT = 500

/** On PGlite one process is all there is; on PostgreSQL signals travel by NOTIFY. */
export async function openBus(database: Database, logger: Logger): Promise<Bus> {
  const emitter = new EventEmitter()
  emitter.setMaxListeners(0)
  const hear = (kind: Kind, value: string) => {
    if (kind === 'task' || kind === 'over') {
      emitter.emit(`task:${value}`, kind)
      emitter.emit('task', value)
    } else emitter.emit(kind === 'inbox' ? `inbox:${value}` : kind, value)
  }
  const local = (signal: Signal) => {
    for (const task of signal.tasks ?? []) hear('task', task)
    for (const task of signal.over ?? []) hear('over', task)
    for (const queue of signal.queues ?? []) hear('queue', queue)
    for (const task of signal.canceled ?? []) hear('canceled', task)
    for (const principal of signal.inboxes ?? []) hear('inbox', principal)
    for (const task of signal.gone ?? []) hear('gone', JSON.stringify(task))
  }
  const missed = () => void emitter.emit('missed')
  const remote = database.postgres === undefined ? undefined : openRemote(database.postgres, logger, hear, missed)
  await remote?.ready
  const on = (event: string, listener: (value: string) => void) => {
    emitter.on(event, listener)
    return () => void emitter.off(event, listener)
  }
  return {
    tell(signal) {
      const copy = {
        tasks: [...(signal.tasks ?? [])],
        over: [...(signal.over ?? [])],
        queues: [...(signal.queues ?? [])],
        canceled: [...(signal.canceled ?? [])],
        inboxes: [...(signal.inboxes ?? [])],
        gone: [...(signal.gone ?? [])],
      }
      local(copy)
      remote?.tell(copy)
    },
    onTask: (taskId, listener) => on(`task:${taskId}`, (kind) => listener(kind === 'over')),
    onAnyTask: (listener) => on('task', listener),
    onQueue: (listener) => on('queue', listener),
    onCanceled: (listener) => on('canceled', listener),
    onInbox: (principal, listener) => on(`inbox:${principal}`, listener),
    onGone: (listener) => on('gone', (text) => listener(JSON.parse(text) as GoneTask)),
    onMissed: (listener) => on('missed', listener),
    close: async () => remote?.close(),
  }
}

/** Tells every process, this one as well, at the moment the transaction commits; of what is rolled back nobody hears. */
export async function tellOnCommit(
  trx: Kysely<Tables>,
  { queues, tasks }: { queues: readonly string[]; tasks: readonly string[] },
): Promise<void> {
  // From nobody, so that nobody takes it for its own.
  const payloads = [JSON.stringify(['', 'queue', queues]), JSON.stringify(['', 'task', tasks])]
  for (const payload of payloads) await sql`SELECT pg_notify(${CHANNEL}, ${payload})::text`.execute(trx)
}

/** A signal as it is when all of it is there. */
interface Told {
  tasks: string[]
  over: string[]
  queues: string[]
  canceled: string[]
  inboxes: string[]
  gone: GoneTask[]
}

type Kind = 'task' | 'over' | 'queue' | 'canceled' | 'inbox' | 'gone'

function openRemote(
  postgres: PostgresAccess,
  logger: Logger,
  hear: (kind: Kind, value: string) => void,
  missed: () => void,
) {
  /** Tells a process not to hear itself. */
  const origin = `${process.pid}-${Math.random().toString(36).slice(2, 10)}`
  const waiting: Record<Kind, Set<string>> = {
    task: new Set(),
    over: new Set(),
    queue: new Set(),
    canceled: new Set(),
    inbox: new Set(),
    gone: new Set(),
  }
  let timer: NodeJS.Timeout | undefined
  /** Whether a flush comes with this turn of the event loop. */
  let soon = false
  let last = 0
  let closed = false
  let client: pg.Client | undefined
  let heard = false

  /** One after the other: a connection takes one query at a time. */
  let sending: Promise<void> = Promise.resolve()
  const flush = () => {
    timer = undefined
    soon = false
    last = performance.now()
    sending = sending.then(send).catch((error: unknown) => logger.warn({ err: error }, 'a signal was not sent'))
    return sending
  }
  const send = async () => {
    // What is to be told waits for the connection to be there again.
    if (client === undefined) return
    const payloads: string[] = []
    const told = new Map<Kind, string[]>()
    for (const kind of ['canceled', 'queue', 'task', 'over', 'inbox', 'gone'] as const) {
      let values: string[] = []
      let size = 0
      told.set(kind, [...waiting[kind]])
      for (const value of waiting[kind]) {
        // In bytes: the names of people are not all ASCII.
        const length = Buffer.byteLength(JSON.stringify(value)) + 1
        if (size + length > PAYLOAD_LIMIT - 100) {
          payloads.push(JSON.stringify([origin, kind, values]))
          values = []
          size = 0
        }
        values.push(value)
        size += length
      }
      if (values.length > 0) payloads.push(JSON.stringify([origin, kind, values]))
      waiting[kind].clear()
    }
    // Through the listening connection: the pool may be busy exactly when there is much to tell.
    if (payloads.length === 0) return
    try {
      await client.query('SELECT pg_notify($1, unnest($2::text[]))', [CHANNEL, payloads])
    } catch (error) {
      for (const [kind, values] of told) for (const value of values) waiting[kind].add(value)
      throw error
    }
  }

  const connect = async (): Promise<void> => {
    const next = postgres.client('errand-bus', { silence: defaults.listenSilence })
    let over = false
    const again = () => {
      if (over) return
      over = true
      clearInterval(beat)
      if (client === next) client = undefined
      if (!closed) setTimeout(() => void connect(), RECONNECT).unref()
    }
    // An answer is a sign of life; without one the silence breaks the connection, and it is made again.
    const beat = setInterval(
      () => client === next && next.query('SELECT 1').catch(() => undefined),
      defaults.listenHeartbeat,
    )
    beat.unref()
    next.on('error', (error) => logger.warn({ err: error }, 'the listening connection broke; it is made again'))
    next.on('end', again)
    next.on('notification', ({ payload }) => {
      const [from, kind, values] = JSON.parse(payload ?? '[]') as [string, Kind, string[]]
      if (from !== origin) for (const value of values) hear(kind, value)
    })
    try {
      await next.connect()
      await next.query(`LISTEN ${CHANNEL}`)
      client = next
      if (heard) missed()
      heard = true
      void flush()
    } catch (error) {
      logger.warn({ err: error }, 'the listening connection could not be made')
      // One that was never connected does not say that it has ended.
      again()
    }
  }
  return {
    ready: connect(),
    tell(signal: Told) {
      for (const value of signal.tasks) waiting.task.add(value)
      for (const value of signal.over) waiting.over.add(value)
      for (const value of signal.queues) waiting.queue.add(value)
      for (const value of signal.canceled) waiting.canceled.add(value)
      for (const value of signal.inboxes) waiting.inbox.add(value)
      for (const task of signal.gone) waiting.gone.add(JSON.stringify(task))
      // A lone one goes at once, with what the same turn of the event loop tells; it is the next that waits.
      if (timer !== undefined || soon) return
      const wait = last + COALESCE - performance.now()
      soon = wait <= 0
      if (soon) setImmediate(() => void flush())
      else timer = setTimeout(() => void flush(), wait)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await flush()
      await client?.end().catch(() => undefined)
    },
  }
}
