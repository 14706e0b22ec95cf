import type { ServerResponse } from 'node:http'
import { type EventStreamOptions, formatEvent } from './event-stream.ts'

/** What is told to one watcher; whether it is gone or the server stops is known here. */
export type FeedAnswer = Omit<EventStreamOptions, 'signal' | 'heartbeat'>

/** Parts of a round through all feeds, so that thousands do not say in one moment that they are still there. */
const PARTS = 64

/**
 * Writes the feeds of one HTTP server straight to its responses. Of pages that are open there are thousands, and a web
 * stream, its signals and its timers for each take much memory: here there are none, and all share one timer.
 */
export class FeedWriters {
  readonly #parts: readonly Set<Feed>[] = Array.from({ length: PARTS }, () => new Set<Feed>())
  /** Milliseconds between two parts: each feed is looked at twice within the silence that is allowed. */
  readonly #pace: number
  #timer: NodeJS.Timeout | undefined
  #count = 0
  #entered = 0
  #part = 0

  /** @param heartbeat - milliseconds of silence that no feed is to exceed */
  constructor(heartbeat: number) {
    this.#pace = Math.max(1, heartbeat / 2 / PARTS)
  }

  /** Tells until the source has ended, the client is gone or its time is over. The head must have been written. */
  open(outgoing: ServerResponse, answer: FeedAnswer): void {
    const part = this.#parts[this.#entered++ % PARTS]
    const feed = new Feed(outgoing, answer, () => {
      part?.delete(feed)
      this.#count -= 1
      if (this.#count > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
    part?.add(feed)
    this.#count += 1
    this.#timer ??= setInterval(() => this.#round(), this.#pace).unref()
    void feed.tell()
  }

  /** Ends all. */
  close(): void {
    for (const part of this.#parts) for (const feed of part) feed.end()
  }

  #round(): void {
    this.#part = (this.#part + 1) % PARTS
    const now = performance.now()
    for (const feed of this.#parts[this.#part] ?? []) feed.look(now)
  }
}

class Feed {
  readonly #outgoing: ServerResponse
  readonly #answer: FeedAnswer
  readonly #leave: () => void
  readonly #stop = new AbortController()
  readonly #until: number
  /** Whether something has been said since the last look. */
  #said = true
  #drained: (() => void) | undefined
  #ended = false

  constructor(outgoing: ServerResponse, answer: FeedAnswer, leave: () => void) {
    this.#outgoing = outgoing
    this.#answer = answer
    this.#leave = leave
    this.#until = performance.now() + answer.lifetime
  }

  async tell(): Promise<void> {
    const { open, reconnectDelay, end, onError } = this.#answer
    const { signal } = this.#stop
    this.#outgoing.once('close', () => this.end())
    // Gone before it began: its close has been told already.
    if (this.#outgoing.destroyed) this.end()
    else this.#outgoing.write(`retry: ${reconnectDelay}\n\n`)
    try {
      for await (const event of open(signal)) {
        if (signal.aborted) break
        this.#said = true
        // A slow client slows its own feed and fills no memory.
        if (!this.#outgoing.write(formatEvent(event))) await this.#drain()
      }
      if (!signal.aborted && end) this.#outgoing.write(formatEvent(end()))
    } catch (error) {
      if (!signal.aborted) onError(error)
    }
    this.end()
  }

  look(now: number): void {
    if (now >= this.#until) this.end()
    else if (!this.#said && this.#drained === undefined) this.#outgoing.write(': still here\n\n')
    this.#said = false
  }

  /** At once, whatever the source does: it ends by its signal. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#leave()
    this.#answer.onClose?.()
    this.#stop.abort()
    this.#drained?.()
    this.#outgoing.end()
  }

  async #drain(): Promise<void> {
    if (this.#ended) return
    await new Promise<void>((resolve) => {
      this.#drained = resolve
      this.#outgoing.once('drain', resolve)
    })
    this.#drained = undefined
  }
}
