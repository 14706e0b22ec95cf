import type { FeedEvent } from '@errand/engine'
import { logLineJson, taskJson, transitionJson } from '../views.ts'
import type { ServerEvent } from './event-stream.ts'

/** The engine's events as messages of the feed of one task, whose transitions carry their sequence as id. */
export async function* taskFeed(events: AsyncIterable<FeedEvent>): AsyncGenerator<ServerEvent> {
  for await (const event of events) {
    if (event.type === 'transition') yield { ...message(event), id: String(event.transition.sequence) }
    else yield message(event)
  }
}

/** The same for many tasks. No ids: sequences count within one task, and a global one could skip (it begins from now). */
export async function* feed(events: AsyncIterable<FeedEvent>): AsyncGenerator<ServerEvent> {
  for await (const event of events) yield message(event)
}

function message(event: FeedEvent): ServerEvent {
  if (event.type === 'transition') return { event: 'transition', data: transitionJson(event.transition) }
  if (event.type === 'gone') return { event: 'gone', data: { id: event.id } }
  if (event.type === 'inbox') return { event: 'inbox', data: { unread: event.unread } }
  if (event.type === 'log') return { event: 'log', data: { taskId: event.taskId, ...logLineJson(event.line) } }
  return { event: 'task', data: taskJson(event.task) }
}
