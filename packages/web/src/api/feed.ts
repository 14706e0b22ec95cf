import type { FeedEvent, Task } from '@errand/client'
import { client, isSignedOut } from './client.ts'

/** What the feed tells every page of this browser. */
export type FeedMessage =
  | { type: 'task'; task: Task }
  /** How many entries of the inbox are unread. */
  | { type: 'inbox'; unread: number }
  /** From now on all changes are told; a task that was read before may have changed since. */
  | { type: 'begun' }
  /** The connection was lost, or is there (again). After a loss, what is shown must be read anew. */
  | { type: 'connection'; up: boolean }
  /** Nobody is signed in any more: nothing is told from now on. */
  | { type: 'signed-out' }

export type Listener = (message: FeedMessage) => void

const NAME = 'errand-feed'

/**
 * Follows all tasks one may see. The pages of one browser share one connection: whoever holds the lock has it and tells
 * the others; when that page is closed, the next takes over. Browsers allow only six connections to a server, and each
 * costs the server memory.
 *
 * @returns how to stop
 */
export function followFeed(listener: Listener): () => void {
  const stop = new AbortController()
  const channel = new BroadcastChannel(NAME)
  channel.onmessage = (event: MessageEvent<FeedMessage>) => listener(event.data)
  const tell = (message: FeedMessage) => {
    // The others first: whoever listens here may have had enough with it, and stop.
    channel.postMessage(message)
    listener(message)
  }
  const lead = () => hold(tell, stop.signal)
  // Without a secure context there are no locks: then each page has its own connection, and tells nobody.
  const leading = 'locks' in navigator ? navigator.locks.request(NAME, { signal: stop.signal }, lead) : lead()
  leading.catch((error: unknown) => {
    if (!stop.signal.aborted) console.error(error)
  })
  return () => {
    stop.abort()
    channel.close()
  }
}

/** Keeps the connection open until the signal aborts, or the server says that nobody is signed in. */
async function hold(tell: Listener, signal: AbortSignal): Promise<void> {
  const feed = (): AsyncGenerator<FeedEvent> =>
    client.watchTasks({
      signal,
      patience: Number.POSITIVE_INFINITY,
      onLost: () => tell({ type: 'connection', up: false }),
      onBack: () => tell({ type: 'connection', up: true }),
    })
  let lost = false
  while (!signal.aborted) {
    try {
      let begun = false
      for await (const event of feed()) {
        if (!begun) tell(lost ? { type: 'connection', up: true } : { type: 'begun' })
        begun = true
        if (event.type === 'task' || event.type === 'inbox') tell(event)
      }
    } catch (error) {
      if (signal.aborted) return
      if (isSignedOut(error)) return tell({ type: 'signed-out' })
      // The first connection of all failed: the page is open while the server is not there. Or a later one met something
      // that the client does not try again, such as a fault of the server: that passes as well.
      lost = true
      tell({ type: 'connection', up: false })
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
}
