import { DEFAULT_PATIENCE } from './config.ts'
import { ServerUnreachable } from './errors.ts'
import { Patience } from './retry.ts'
import { readEvents } from './sse.ts'
import type { Transport } from './transport.ts'
import type { LogLine, Task, Transition } from './types.ts'

/** What a watcher of one task is told. */
export type TaskEvent =
  | { type: 'transition'; transition: Transition }
  | { type: 'log'; taskId: string; line: LogLine }
  /** The whole task, as it is after all that was told before. */
  | { type: 'task'; task: Task }

/** What a watcher of all tasks is told. */
export type FeedEvent =
  | TaskEvent
  /** How many entries of one's inbox are unread: first of all, and whenever that changes. */
  | { type: 'inbox'; unread: number }
  /** A task that one might see was deleted. */
  | { type: 'gone'; id: string }
  /** The connection was cut and is back; something may have been missed: read again what is shown. */
  | { type: 'gap' }

export interface WatchOptions {
  /** Only the transitions after this sequence number. Default 0: from the beginning. */
  after?: number
  signal?: AbortSignal
  /** Milliseconds for which a lost connection is tried again. Default 2 minutes. */
  patience?: number
  /** Told each time the connection is lost, before it is tried again. */
  onLost?: (error: unknown) => void
  /** Told when it is back. */
  onBack?: () => void
  /** Milliseconds without a byte after which the connection counts as lost. Default 45 s. */
  silence?: number
}

/**
 * Follows a task until it is over, through restarts of the server and breaks of the connection: each transition and
 * each line of the log comes once, in order. Ends after the event with the task in its final state.
 *
 * @throws {ApiProblem} task-unknown, unauthenticated
 * @throws {ServerUnreachable} when there is no connection at the beginning, or none again within the patience
 */
export async function* watchTask(transport: Transport, id: string, options: WatchOptions): AsyncGenerator<TaskEvent> {
  let sequence = options.after ?? 0
  let line = 0
  const path = `/api/v1/tasks/${encodeURIComponent(id)}/events`
  const next = () => ({ path, lastEventId: String(sequence) })
  for await (const event of messages(transport, next, options)) {
    if (event.type === 'gap' || event.type === 'inbox' || event.type === 'gone') continue
    if (event.type === 'end') return
    if (event.type === 'transition') {
      if (event.transition.sequence <= sequence) continue
      sequence = event.transition.sequence
    }
    if (event.type === 'log') {
      if (event.line.id <= line) continue
      line = event.line.id
    }
    yield event
  }
}

/** Follows all tasks one may see, from now on, until the signal aborts or the loop is left. */
export async function* watchTasks(
  transport: Transport,
  options: Omit<WatchOptions, 'after'>,
): AsyncGenerator<FeedEvent> {
  for await (const event of messages(transport, () => ({ path: '/api/v1/events' }), options)) {
    if (event.type !== 'end') yield event
  }
}

/** The messages of one connection after the other, with a `gap` between two. */
async function* messages(
  transport: Transport,
  next: () => { path: string; lastEventId?: string },
  options: WatchOptions,
): AsyncGenerator<FeedEvent | { type: 'end' }> {
  const { signal, silence } = options
  const patience = new Patience(options.patience ?? DEFAULT_PATIENCE)
  let opened = 0
  for (;;) {
    let lost: unknown
    try {
      const { path, lastEventId } = next()
      const onOpen = () => {
        opened += 1
        if (opened > 1) options.onBack?.()
      }
      const events = readEvents(transport, path, {
        onOpen,
        ...(lastEventId === undefined ? {} : { lastEventId }),
        ...(signal === undefined ? {} : { signal }),
        ...(silence === undefined ? {} : { silence }),
      })
      let first = true
      for await (const { event, data } of events) {
        patience.reset()
        if (first && opened > 1) yield { type: 'gap' }
        first = false
        const parsed = parse(event, data)
        if (parsed) yield parsed
        if (parsed?.type === 'end') return
      }
      lost = new ServerUnreachable(transport.server, new Error('The connection ended'))
    } catch (error) {
      if (opened === 0) throw error
      lost = error
    }
    signal?.throwIfAborted()
    options.onLost?.(lost)
    await patience.wait(lost, signal)
  }
}

/** The server's JSON is what its OpenAPI document says, as everywhere in this client; unknown events are for later clients. */
function parse(event: string | undefined, data: string): FeedEvent | { type: 'end' } | undefined {
  if (event === 'transition') return { type: 'transition', transition: JSON.parse(data) as Transition }
  if (event === 'task') return { type: 'task', task: JSON.parse(data) as Task }
  if (event === 'inbox') return { type: 'inbox', ...(JSON.parse(data) as { unread: number }) }
  if (event === 'gone') return { type: 'gone', ...(JSON.parse(data) as { id: string }) }
  if (event === 'end') return { type: 'end' }
  if (event !== 'log') return undefined
  const { taskId, ...line } = JSON.parse(data) as LogLine & { taskId: string }
  return { type: 'log', taskId, line }
}
