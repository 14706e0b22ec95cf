import { isFinal } from '@errand/task'
import { defaults } from '../config.ts'
import { Signals } from '../events/signals.ts'
import type { FeedEvent, Principal } from '../types.ts'
import { findTask, readLogs, readTask, readTransitions } from './read.ts'
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
  // The end is told at once: it comes once, and is what one waits for.
  const off = services.bus.onTask(id, (over) => (over ? signals.raiseUrgently() : signals.raise()))
  services.watching.enter(who)
  let sequence = options.after ?? 0
  let line = 0
  let seen = ''
  let interval: number = defaults.watchFirst
  try {
    await findTask(services, id, who)
    while (!signals.aborted) {
      signals.clear()
      const looked = performance.now()
      await services.watching.beat([who])
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
      // What comes after a quiet time is told at once; what follows closely is told together, the more the longer it goes on.
      if (performance.now() - looked > defaults.watchInterval) interval = defaults.watchFirst
      await signals.pause(interval, looked)
      interval = Math.min(2 * interval, defaults.watchInterval)
    }
  } finally {
    off()
    signals.close()
    await services.watching.leave(who)
  }
}
