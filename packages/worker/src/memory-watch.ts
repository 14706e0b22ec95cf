import type { Worker } from 'node:worker_threads'
import { MEMORY_WATCH_MS } from './config.ts'

/**
 * Looks at a thread's heap and buffers now and then, also while it is in a busy loop, and calls `exceeded` once when
 * they are over the limit. Buffers are outside the heap, and V8's own limit does not count them.
 *
 * @param limit - in bytes
 * @returns how to stop watching
 */
export function watchMemory(thread: Worker, limit: number, exceeded: () => void): () => void {
  let looking = false
  let over = false
  const look = async () => {
    if (looking || over) return
    looking = true
    try {
      const { used_heap_size: heap, external_memory: buffers } = await thread.getHeapStatistics()
      if (over || heap + buffers <= limit) return
      over = true
      exceeded()
    } catch {
      // It has ended.
    } finally {
      looking = false
    }
  }
  const timer = setInterval(() => void look(), MEMORY_WATCH_MS).unref()
  return () => {
    over = true
    clearInterval(timer)
  }
}
