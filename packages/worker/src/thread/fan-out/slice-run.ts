import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import type { FanOutWork, ItemFailure, PlannedItem } from '@errand/engine'
import { type RetryPolicy, retryDelay, toFailure } from '@errand/task'
import { ask } from '../../calls.ts'
import {
  FLUSH_BYTES,
  FLUSH_FAILURES,
  FLUSH_MS,
  HELD_BYTES,
  HELD_ITEMS,
  HELD_MS,
  ITEM_DETAIL_LIMIT,
  WARY_ITEMS,
  YIELD_MS,
} from '../../config.ts'
import { newReference } from '../../reference.ts'
import { Appended } from './appended.ts'
import { ItemContexts } from './item-contexts.ts'
import type { FanOutParts } from './run-fan-out.ts'

/** What has become of an item. */
type Outcome = { appended: Appended } | { failure: ItemFailure }

/** An item that is tried again. */
interface Waiting {
  index: number
  attempt: number
  /** By `performance.now()`. */
  due: number
}

/**
 * Does the items of one slice, one after the other. One that waits for its next try lets those behind it go ahead, but
 * what they did is only counted and appended once it is settled itself: what is flushed is always a beginning of the
 * slice.
 */
export class SliceRun {
  readonly #parts: FanOutParts
  readonly #work: FanOutWork & { phase: 'slice' }
  readonly #items: readonly PlannedItem[]
  readonly #retry: RetryPolicy
  readonly #contexts: ItemContexts
  readonly #waiting: Waiting[] = []
  /** Settled, and behind one that is not. */
  readonly #held = new Map<number, Outcome>()
  #heldBytes = 0
  /** When the first of them was. */
  #heldSince = 0
  /** Items before this one are settled. */
  #settled = 0
  /** The next to be tried for the first time. */
  #next = 0
  #flushed = 0
  #appended = new Appended()
  #failures: ItemFailure[] = []
  #flushing: Promise<unknown> = Promise.resolve()
  #flushedAt = performance.now()
  #turnedAt = performance.now()
  /** Milliseconds in which nothing could be done but wait for a next try. */
  #idle = 0

  constructor(parts: FanOutParts, work: FanOutWork & { phase: 'slice' }) {
    this.#parts = parts
    this.#work = work
    this.#items = JSON.parse(work.items)
    const declared = parts.definition.shape.steps.find(({ name }) => name === parts.claim.step)
    if (declared === undefined) throw new Error(`There is no step ${parts.claim.step}.`)
    this.#retry = declared.retry
    this.#contexts = new ItemContexts(parts)
  }

  async run(): Promise<null> {
    const begun = performance.now()
    const { signal } = this.#parts
    const { length } = this.#items
    while (this.#settled < length) {
      if (signal.aborted) {
        // What is done need not be done again elsewhere, but for what is held.
        await this.#flush()
        throw signal.reason
      }
      const now = performance.now()
      const due = this.#takeDue(now)
      if (due !== undefined) await this.#try(due.index, due.attempt)
      else if (this.#next < length && this.#mayGoAhead()) {
        const index = this.#next++
        const taking = this.#takeInHand(index)
        if (taking !== undefined) await taking
        const trying = this.#try(index, 1)
        if (trying !== undefined) await trying
      } else await this.#wait(now)
      if (this.#isTime()) await this.#flushBehind()
      if (performance.now() - this.#turnedAt >= YIELD_MS) {
        await turn()
        this.#turnedAt = performance.now()
      }
    }
    const ms = performance.now() - begun - this.#idle
    await this.#flush({ items: length, ms })
    return null
  }

  /** Where one of the items may end the worker, it is recorded which one it was about to do. */
  #takeInHand(index: number): Promise<unknown> | undefined {
    const at = this.#work.first + index
    return at < this.#work.singleUntil ? ask(this.#parts.channel, 'takeInHand', { at }) : undefined
  }

  /** @returns a promise only where the item's code has one: most of a million items need none */
  #try(index: number, attempt: number): Promise<void> | undefined {
    const entry = this.#items[index]
    if (entry === undefined) throw new Error(`The slice has no item ${index}.`)
    const item = typeof entry === 'string' ? entry : entry[1]
    const appended = new Appended()
    const opened = this.#contexts.open(appended, attempt)
    try {
      const answer = this.#parts.code.each(item, opened.context)
      if (isThenable(answer)) {
        return Promise.resolve(answer).then(
          () => {
            opened.close()
            this.#settle(index, { appended })
          },
          (error: unknown) => {
            opened.close()
            this.#failed(index, entry, attempt, error)
          },
        )
      }
    } catch (error) {
      opened.close()
      this.#failed(index, entry, attempt, error)
      return undefined
    }
    opened.close()
    this.#settle(index, { appended })
    return undefined
  }

  #failed(index: number, item: PlannedItem, attempt: number, error: unknown): void {
    // It was told to stop: that is no fault of the item.
    if (this.#parts.signal.aborted) {
      this.#waiting.push({ index, attempt, due: 0 })
      return
    }
    const failure = toFailure(error, newReference(), this.#parts.claim.step)
    if (failure.retryable && attempt < this.#retry.attempts) {
      const due = performance.now() + retryDelay(this.#retry, attempt) * 1_000
      this.#waiting.push({ index, attempt: attempt + 1, due })
      return
    }
    if (failure.code === 'unexpected') console.error(`The item ${keyOf(item)} failed (${failure.reference}):`, error)
    const { code, title } = failure
    const detail = failure.code === 'unexpected' ? `${failure.detail} Reference ${failure.reference}.` : failure.detail
    this.#settle(index, {
      failure: { item, code, title, detail: detail.slice(0, ITEM_DETAIL_LIMIT), attempts: attempt },
    })
  }

  #settle(index: number, outcome: Outcome): void {
    if (index !== this.#settled) {
      if (this.#held.size === 0) this.#heldSince = performance.now()
      this.#held.set(index, outcome)
      if ('appended' in outcome) this.#heldBytes += outcome.appended.size
      return
    }
    this.#commit(outcome)
    for (let next = this.#held.get(this.#settled); next !== undefined; next = this.#held.get(this.#settled)) {
      this.#held.delete(this.#settled)
      if ('appended' in next) this.#heldBytes -= next.appended.size
      this.#commit(next)
    }
  }

  #commit(outcome: Outcome): void {
    this.#settled++
    if ('failure' in outcome) this.#failures.push(outcome.failure)
    else this.#appended.take(outcome.appended)
  }

  #takeDue(now: number): Waiting | undefined {
    if (this.#waiting.length === 0) return undefined
    const index = this.#waiting.findIndex(({ due }) => due <= now)
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
  }

  async #wait(now: number): Promise<void> {
    // What can be recorded is, before nothing happens for a while.
    if (this.#settled > this.#flushed) await this.#flush()
    const due = Math.min(...this.#waiting.map((waiting) => waiting.due))
    await delay(Math.max(1, due - now), undefined, { signal: this.#parts.signal }).catch(() => undefined)
    this.#idle += performance.now() - now
  }

  /** Where one of the items may end the worker none goes ahead of another, or the one that waits would be taken for it. */
  #mayGoAhead(): boolean {
    if (this.#work.wary) return this.#waiting.length === 0
    if (this.#held.size === 0) return true
    const within = performance.now() - this.#heldSince < HELD_MS
    return within && this.#held.size < HELD_ITEMS && this.#heldBytes < HELD_BYTES
  }

  #isTime(): boolean {
    const count = this.#settled - this.#flushed
    if (count === 0) return false
    const { first, singleUntil, wary } = this.#work
    if (first + this.#flushed < singleUntil) return true
    if (wary && count >= WARY_ITEMS) return true
    return (
      this.#appended.size >= FLUSH_BYTES ||
      this.#failures.length >= FLUSH_FAILURES ||
      performance.now() - this.#flushedAt >= FLUSH_MS
    )
  }

  /** Goes on with the items while the flush is being recorded, unless one of them may be about to end the worker. */
  async #flushBehind(): Promise<void> {
    await this.#flushing
    const flushing = this.#send()
    if (this.#work.wary) await flushing
    // Looked at before the next one; until then it is no stray error.
    else flushing.catch(() => undefined)
  }

  async #flush(over?: { items: number; ms: number }): Promise<void> {
    await this.#flushing
    await this.#send(over)
  }

  #send(over?: { items: number; ms: number }): Promise<unknown> {
    const from = this.#work.first + this.#flushed
    const to = this.#work.first + this.#settled
    const lines = this.#contexts.takeLines()
    if (from === to && lines.length === 0 && over === undefined) return Promise.resolve()
    const appended = this.#appended.bytes()
    const flush = { from, to, failures: this.#failures, appended, lines, ...(over === undefined ? {} : { over }) }
    this.#flushed = this.#settled
    this.#failures = []
    this.#appended = new Appended()
    this.#flushedAt = performance.now()
    const buffers = Object.values(appended).map(({ buffer }) => buffer)
    this.#flushing = ask(
      this.#parts.channel,
      'flushSlice',
      flush,
      buffers.filter((buffer) => buffer instanceof ArrayBuffer),
    )
    return this.#flushing
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function keyOf(item: PlannedItem): string {
  return typeof item === 'string' ? item : item[0]
}
