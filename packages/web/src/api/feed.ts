import type { FeedEvent, Task } from '@errand/client'
import { client, isSignedOut } from './client.ts'

/** What the feed tells every page of this browser that is open as one person. */
export type FeedMessage =
  | { type: 'task'; task: Task }
  /** A task was deleted. */
  | { type: 'gone'; id: string }
  /** How many entries of the inbox are unread. */
  | { type: 'inbox'; unread: number }
  /** From now on all changes are told; a task that was read before may have changed since. */
  | { type: 'begun' }
  /** The connection was lost, or is there (again). After a loss, what is shown must be read anew. */
  | { type: 'connection'; up: boolean }
  /** Nobody is signed in any more, or somebody else is: nothing is told from now on. */
  | { type: 'signed-out' }

export type Listener = (message: FeedMessage) => void

/**
 * Follows all tasks one may see. The pages of one browser share one connection: whoever holds the lock has it and tells
 * the others; when that page is closed, the next takes over. Browsers allow only six connections to a server, and each
 * costs the server memory.
 *
 * @param person - the id of whom the page is open as: two may use one browser, and neither is told what is the other's
 * @returns how to stop
 */
export function followFeed(person: string, listener: Listener): () => void {
  const name = `errand-feed ${person}`
  const stop = new AbortController()
  const channel = new BroadcastChannel(name)
  channel.onmessage = (event: MessageEvent<FeedMessage>) => listener(event.data)
  const tell = (message: FeedMessage) => {
    // The others first: whoever listens here may have had enough with it, and stop.
    channel.postMessage(message)
    listener(message)
  }
  const lead = () => hold(person, tell, stop.signal)
  const takeTurn = async () => {
    const led = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await lead()
      return lock !== null
    })
    if (led || stop.signal.aborted) return
    // Another page has the connection, which began before this one listened.
    listener({ type: 'begun' })
    await navigator.locks.request(name, { signal: stop.signal }, lead)
  }
  // Without a secure context there are no locks: then each page has its own connection, and tells nobody.
  const leading = 'locks' in navigator ? takeTurn() : lead()
  leading.catch((error: unknown) => {
    if (!stop.signal.aborted) console.error(error)
  })
  return () => {
    stop.abort()
    channel.close()
  }
}

/** Keeps the connection open until the signal aborts, or the server says that nobody is signed in, or somebody else. */
async function hold(person: string, tell: Listener, signal: AbortSignal): Promise<void> {
  // What a new connection begins with. A connection is whose the cookie is by then: it is looked who that is before a word of
  // it is told.
  let first: FeedMessage | undefined = { type: 'begun' }
  const feed = (): AsyncGenerator<FeedEvent> =>
    client.watchTasks({
      signal,
      patience: Number.POSITIVE_INFINITY,
      onLost: () => tell({ type: 'connection', up: false }),
      onBack: () => {
        first = { type: 'connection', up: true }
      },
    })
  while (!signal.aborted) {
    try {
      for await (const event of feed()) {
        if (first !== undefined) {
          const { id } = await client.me({ signal })
          if (id !== person) return tell({ type: 'signed-out' })
          tell(first)
          first = undefined
        }
        if (event.type === 'task' || event.type === 'gone' || event.type === 'inbox') tell(event)
      }
    } catch (error) {
      if (signal.aborted) return
      if (isSignedOut(error)) return tell({ type: 'signed-out' })
      // The first connection of all failed: the page is open while the server is not there. Or a later one met something
      // that the client does not try again, such as a fault of the server: that passes as well.
      first = { type: 'connection', up: true }
      tell({ type: 'connection', up: false })
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
}
