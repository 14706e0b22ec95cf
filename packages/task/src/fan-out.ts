import type { TaskPrincipal, UploadedFile } from './context.ts'
import type { StepOptions } from './define-task.ts'
import type { RetryOptions } from './retry.ts'

/** What the step that fans out leaves for the steps after it. */
export interface FanOutResult {
  /** Items in all. */
  total: number
  completed: number
  failed: number
}

/** What the listing of the items is given. */
export interface ItemsContext<Input = unknown, Results = unknown> {
  readonly input: Input
  readonly results: Results
  /** The key of the last item that is on record, or `undefined` at the beginning: go on behind it. */
  readonly cursor: string | undefined
  readonly signal: AbortSignal
  readonly scope: string
  readonly principal: TaskPrincipal
  readonly options: unknown
}

/** What the code for one item is given. */
export interface ItemContext<
  Input = unknown,
  Results = unknown,
  Uploads extends string = string,
  Artifacts extends string = string,
> {
  readonly taskId: string
  readonly input: Input
  /** What the steps named in `after` returned. */
  readonly results: Results
  /** Aborts on cancel, and when the work on these items has become another worker's. */
  readonly signal: AbortSignal
  /** 1 for the first try of this item. */
  readonly attempt: number
  readonly principal: TaskPrincipal
  readonly scope: string
  readonly options: unknown
  readonly uploads: { readonly [Name in Uploads]: UploadedFile }
  /**
   * Adds to the output in a slot: whatever is killed and tried again, it is there once, in the order of the items. What
   * an attempt appended that then failed is not.
   */
  append(slot: Artifacts, content: string | Uint8Array): void
  /** A line in the task's activity log, which its user reads. Of each slice one a second is kept, not one an item. */
  log(message: string): void
}

/** What a file begins or ends with: a text, or what makes one of the input and the results. */
export type Edge<Input, Results> = string | ((about: { input: Input; results: Results }) => string)

/** What an author says about a step that does something for each of many items. */
export interface FanOutOptions<
  Item,
  Input,
  Results,
  After extends readonly string[],
  Uploads extends string,
  Artifacts extends string,
> extends Pick<StepOptions<After, never>, 'title' | 'after' | 'unit'> {
  /**
   * Lists the items, in an order that stays. They are kept as they are now; what they are later does not matter. When the
   * listing is interrupted it is called again with the key of the last item that is on record, so a million of them need
   * not be listed twice. An item is JSON, at most 16 KiB.
   */
  items: (context: ItemsContext<Input, Results>) => AsyncIterable<Item> | Iterable<Item>
  /** Names an item in errors and as the cursor; at most 200 characters. Default: the item itself, or its `key` or `id`. */
  key?: (item: Item) => string
  /** Does the work for one item. */
  each: (item: Item, context: ItemContext<Input, Results, Uploads, Artifacts>) => unknown
  /** How often and how soon an item is tried again. Default 3 attempts. */
  retry?: RetryOptions
  /**
   * How many items may fail before the step does: a number from 1, or below 1 a share of all. The task then ends as
   * `completed_with_errors`. Default 0: none.
   */
  tolerate?: { failures: number }
  /** Slices of items that are worked on at once, over all workers. Default 8. It can be changed while the task runs. */
  concurrency?: number
  /** What the file in a slot begins with. It is written even where there are no items. */
  header?: { readonly [Slot in Artifacts]?: Edge<Input, Results> }
  footer?: { readonly [Slot in Artifacts]?: Edge<Input, Results> }
}

/** One fan-out's code, as a worker's thread finds it. */
export interface FanOutCode {
  items: (context: ItemsContext) => AsyncIterable<unknown> | Iterable<unknown>
  key: (item: unknown) => string
  each: (item: unknown, context: ItemContext) => unknown
  header: Readonly<Record<string, Edge<unknown, unknown>>>
  footer: Readonly<Record<string, Edge<unknown, unknown>>>
}

/** Limits of a fan-out, for those who write one and those who run it. */
export const fanOutLimits = {
  /** Bytes of an item as JSON: it is a key and some values; what is big is looked up by it. */
  itemBytes: 16_384,
  /** Characters of a key: it stands in every error and is the cursor of the listing. */
  keyLength: 200,
  /** Items of one step. */
  items: 100_000_000,
  /** Bytes that one item may append, over all slots: what is bigger is an output of its own. */
  appendBytes: 4 * 1024 ** 2,
} as const

/** Slices at once, unless the author says otherwise: some for each of a few workers, and few enough to stay polite. */
export const DEFAULT_FAN_OUT_CONCURRENCY = 8

/** The slot of the list of failed items. */
export const ERRORS_SLOT = 'errors'

/** @returns the item's key, where the author gave no function for it */
export function defaultKey(item: unknown): string {
  if (typeof item === 'string' || typeof item === 'number') return String(item)
  if (typeof item === 'object' && item !== null) {
    const named = 'key' in item ? item.key : 'id' in item ? item.id : undefined
    if (typeof named === 'string' || typeof named === 'number') return String(named)
  }
  throw new TypeError(
    'an item needs a key: give fanOut a function `key`, or items that are texts or have a `key` or `id`',
  )
}
