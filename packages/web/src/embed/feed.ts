import { followFeed, type Listener } from '../api/feed.ts'

const listeners = new Set<Listener>()
let stop: (() => void) | undefined

/**
 * Follows what changes, for as long as somebody on this page wants to know. All elements of all pages of a browser share one
 * connection, with Errand's own pages too: a browser allows six to a server, and a course may have more exports than that.
 *
 * @returns how to stop
 */
export function onFeed(listener: Listener): () => void {
  listeners.add(listener)
  stop ??= followFeed((message) => {
    for (const one of listeners) one(message)
  })
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    stop?.()
    stop = undefined
  }
}
