import { client, isSignedOut } from '../api/client.ts'
import { followFeed, type Listener } from '../api/feed.ts'

const listeners = new Set<Listener>()
let stop: (() => void) | undefined

/** Milliseconds until it is asked again who is there, where the server did not say. */
const PAUSE = 1_000

/**
 * Follows what changes, for as long as somebody on this page wants to know. All elements of all pages of a browser share one
 * connection, with Errand's own pages too: a browser allows six to a server, and a course may have more exports than that.
 *
 * @returns how to stop
 */
export function onFeed(listener: Listener): () => void {
  listeners.add(listener)
  stop ??= follow()
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    stop?.()
    stop = undefined
  }
}

/** Follows what changes for whoever is signed in. */
function follow(): () => void {
  let stopped = false
  let unfollow: (() => void) | undefined
  const begin = async () => {
    const person = await whoIsThere(() => stopped)
    if (stopped || person === undefined) return
    unfollow = followFeed(person, (message) => {
      for (const one of listeners) one(message)
    })
  }
  void begin()
  return () => {
    stopped = true
    unfollow?.()
  }
}

/** Their id, as soon as the server says it; `undefined` where nobody is signed in. */
async function whoIsThere(isStopped: () => boolean): Promise<string | undefined> {
  while (!isStopped()) {
    try {
      return (await client.me()).id
    } catch (error) {
      if (isSignedOut(error)) return undefined
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  }
  return undefined
}
