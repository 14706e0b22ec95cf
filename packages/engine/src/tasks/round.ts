import { defaults } from '../config.ts'
import type { Claim } from '../types.ts'

/** A version that a worker serves, with the queue of its steps or of its slices. */
export interface Served {
  name: string
  version: number
  queue: string
}

/**
 * One look at the queues, from the one whose turn it is, so that none always comes first.
 *
 * @param idleUntil - queues found empty, until when they are not asked again without being told of work
 * @returns what was claimed, and whose turn is next
 */
export async function round(
  idleUntil: Map<string, number>,
  queues: readonly Served[],
  first: number,
  limit: number,
  take: (served: Served, wanted: number) => Promise<{ claims: Claim[]; taken: number }>,
): Promise<{ claims: Claim[]; turn: number }> {
  const claims: Claim[] = []
  let turn = first
  for (let offset = 0; offset < queues.length && claims.length < limit; offset++) {
    const served = queues[(first + offset) % queues.length]
    if (served === undefined || (idleUntil.get(served.queue) ?? 0) > Date.now()) continue
    // Marked before asking: work that is announced meanwhile takes the mark away again.
    idleUntil.set(served.queue, Date.now() + defaults.idlePoll)
    for (;;) {
      const wanted = limit - claims.length
      const found = await take(served, wanted)
      claims.push(...found.claims)
      // The next round begins behind the last that was given something: those without work take nobody's turn.
      if (found.claims.length > 0) turn = (first + offset + 1) % queues.length
      if (found.taken >= wanted || found.taken > found.claims.length) idleUntil.delete(served.queue)
      // As many as were asked for, some of them good for nothing: behind those there may be work.
      if (found.taken < wanted || claims.length >= limit) break
    }
  }
  return { claims, turn }
}
