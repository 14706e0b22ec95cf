import { isFinal } from '@errand/task'
import { defaults } from '../config.ts'
import { Signals } from '../events/signals.ts'
import type { FeedEvent, Principal } from '../types.ts'
import { findTask, mayDo, readLogs, readTask, readTransitions } from './read.ts'
import type { TaskServices } from './services.ts'

/**
 * What happened after transition `after` and then what happens. It is read from the record, which numbers a task's
 * transitions without gaps; signals only say when to look. The policy is asked at each look.
 */
export async function* watchTask(
  services: TaskServices,
  id: string,
  who: Principal,
  options: { after?: number; signal?: AbortSignal } = {},
): AsyncIterable<FeedEvent> {
  const signals = new Signals(options.signal)
  const off = services.bus.onTask(id, () => signals.raise())
  services.watching.enter(who)
  let sequence = options.after ?? 0
  let line = 0
  let seen = ''
  try {
    await findTask(services, id, who)
    while (!signals.aborted) {
      signals.clear()
      await services.watching.beat(who)
      // The task first: what it says is then never ahead of the transitions that follow it.
      const task = await readTask(services, id, who)
      for (const transition of await readTransitions(services.db, id, sequence)) {
        sequence = transition.sequence
        yield { type: 'transition', transition }
      }
      for (const log of await readLogs(services.db, id, line)) {
        line = log.id
        yield { type: 'log', taskId: id, line: log }
      }
      const now = JSON.stringify(task)
      if (now !== seen) {
        seen = now
        yield { type: 'task', task }
      }
      // At least: whoever says that it has seen more than there is must not wait for ever.
      if (isFinal('task', task.state) && sequence >= task.sequence) return
      await signals.wait(defaults.watchPoll)
      await signals.pause(defaults.watchInterval)
    }
  } finally {
    off()
    signals.close()
    await services.watching.leave(who)
  }
}

/** The tasks that `who` may see, whenever one changes, and how much of their inbox is unread; from now on. */
export async function* watchAll(
  services: TaskServices,
  who: Principal,
  options: { signal?: AbortSignal } = {},
): AsyncIterable<FeedEvent> {
  const signals = new Signals(options.signal)
  const changed = new Set<string>()
  const offTasks = services.bus.onAnyTask((id) => {
    changed.add(id)
    signals.raise()
  })
  /** Whether something may be new in the inbox: said by a signal, by the end of an own task, or by a while without any. */
  let look = true
  let unread: number | undefined
  const offInbox = services.bus.onInbox(who.id, () => {
    look = true
    signals.raise()
  })
  services.watching.enter(who)
  try {
    while (!signals.aborted) {
      signals.clear()
      await services.watching.beat(who)
      const ids = [...changed]
      changed.clear()
      for (const id of ids) {
        const row = await services.db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()
        if (row === undefined || !(await mayDo(services, who, 'view', row))) continue
        look ||= row.owner === who.id && isFinal('task', row.state)
        yield { type: 'task', task: await readTask(services, id, who) }
      }
      if (look) {
        look = false
        const count = await services.inbox.unread(who)
        if (count !== unread) yield { type: 'inbox', unread: count }
        unread = count
      }
      if (!(await signals.wait(defaults.watchingInterval))) look = true
      await signals.pause(defaults.watchInterval)
    }
  } finally {
    offTasks()
    offInbox()
    signals.close()
    await services.watching.leave(who)
  }
}
