import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes of live objects and buffers that trying thousands of courses, one after another, may hold at any time. */
export const HELD_LIMIT = 200 * 2 ** 20

setFlagsFromString('--expose-gc')
/** So that what is measured then is held, and does not only wait to be collected. */
export const collectGarbage = runInNewContext('gc') as () => void

/**
 * Watches what is held in memory above what was there at the start. What only waits to be collected does not count: before
 * anything is called too much, it is collected.
 */
export function heldMost(): { look(): void; check(): void } {
  const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  const start = held()
  let most = 0
  const look = (): void => {
    let now = held() - start
    if (now > HELD_LIMIT) {
      collectGarbage()
      now = held() - start
    }
    most = Math.max(most, now)
  }
  return {
    look,
    /** @throws {Error} when more than {@link HELD_LIMIT} was held */
    check() {
      look()
      if (most > HELD_LIMIT) throw new Error(`${Math.round(most / 2 ** 20)} MiB were held at once.`)
    },
  }
}
