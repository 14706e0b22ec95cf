import { availableParallelism } from 'node:os'

/** Every limit and default of a worker: its unit, and why this number. */

/** Steps at once. Most steps wait for storage or a network most of the time, so at least four, also on a small machine. */
export const DEFAULT_CONCURRENCY = Math.max(4, availableParallelism())
/** Threads that are there when nothing is to be done: most tasks run one step or two at a time. Each takes about 50 MB. */
export const KEPT_THREADS = 2
/** Milliseconds without a step after which a further thread ends. Starting one takes some tenths of a second. */
export const THREAD_IDLE_MS = 60_000
/**
 * Milliseconds of work that may be claimed before there is a place for it. Enough to bridge a claim's way to the
 * database and back; short enough that no other worker could have begun it much earlier.
 */
export const AHEAD_MS = 25
/** Steps claimed before there is a place for them, at most: as many as the engine records in one transaction. */
export const MOST_AHEAD = 64
/** Milliseconds until a step that was claimed ahead, and got no place after all, is handed back for another worker. */
export const AHEAD_PATIENCE_MS = 1_000
/** Steps of which the end is still to be recorded, at most: with a slow database, claiming more would not help. */
export const MOST_UNRECORDED = 256
/** Where packs keep their stores when the configuration names no other place. */
export const DEFAULT_DATA_DIR = '.errand'
/** Milliseconds from the abort signal to the end of the thread. Long enough to close files and save a checkpoint. */
export const DEFAULT_GRACE_MS = 10_000
/** Milliseconds. When a worker stops, what a step that did not end within the grace time gets to save where it stands. */
export const STOP_ABORT_MS = 2_000
/** Milliseconds between signs of life. The lease lasts several of them, so that one lost message loses no work. */
export const HEARTBEAT_MS = 3_000
/** Milliseconds. Work is announced; the poll is for an announcement that got lost. */
export const POLL_MS = 2_000
/** Tasks of older versions that are taken over in one go: few enough to be done long before the engine asks another worker. */
export const MOVES_AT_ONCE = 50
/** Milliseconds the author's migrate function has for one such lot. It computes, and waits for nothing. */
export const MIGRATE_MS = 10_000
/** MiB of JavaScript heap and buffers for one thread. A step that needs more should stream. */
export const DEFAULT_MEMORY_MB = 512
/** Milliseconds between two looks at a thread's memory: at 200 MB a second, a leak gets 40 MB over its limit. */
export const MEMORY_WATCH_MS = 200
/**
 * How much a thread gives way to others on a busy machine, in the system's steps (0 to 19). What keeps claims alive, answers
 * people and records results must not wait for task code that computes; where nobody else wants the processor, it changes nothing.
 */
export const THREAD_NICENESS = 5
/**
 * MiB of a thread's heap for what is young. V8 would take 48 and not give them back, for each thread; what task code
 * makes and drops by the million is collected as fast in fewer.
 */
export const YOUNG_MB = 12
/**
 * MiB of heap at which V8 itself ends the thread, for a limit of `memoryMb`. Well above it, because V8 at its limit
 * now and then ends the whole process (tried: one large allocation is enough); the watch is to be first.
 */
export function hardMemoryLimit(memoryMb: number): number {
  return memoryMb + Math.max(256, memoryMb)
}
/** Milliseconds a pack may take to load. Loading is reading code; what takes longer waits for something it should not. */
export const PACK_LOAD_MS = 60_000
/** Milliseconds until a step's first sign from its thread; a thread that is kept busy by a former step is replaced. */
export const DEFAULT_START_MS = 30_000
/** Milliseconds before a report to the engine is tried again, first and at most: a database restart takes some seconds. */
export const REPORT_RETRY_MS = { first: 200, longest: 5_000 } as const

/** Bytes of JSON. A result is data for the next step, not a file: those are artifacts. */
export const RESULT_LIMIT = 1024 * 1024
/** Bytes of JSON: a task's input and results, of several steps, as migrate makes them for a newer version. */
export const MIGRATED_LIMIT = 16 * 1024 * 1024
/** Bytes of JSON. It is written to the database each time it is saved. */
export const CHECKPOINT_LIMIT = 256 * 1024
/** Levels. JSON that is nested deeper is a mistake, and some of its readers recurse. */
export const JSON_DEPTH_LIMIT = 200
/** Characters in the key of `once`. */
export const ONCE_KEY_LIMIT = 200

/** Milliseconds between two progress reports of one step: four a second look live. */
export const PROGRESS_INTERVAL_MS = 250
/** Characters of a progress message. */
export const PROGRESS_MESSAGE_LIMIT = 500
/** Characters of a line in the activity log, which a person reads. */
export const LOG_LINE_LIMIT = 2_000
/** Lines of the activity log: so many at once, then so many a second. */
export const LOG_RATE = { burst: 100, perSecond: 10 } as const
/** The same of a slice's items: a task has many slices, and one log. */
export const ITEM_LOG_RATE = { burst: 1, perSecond: 1 } as const
/** Characters of one line that task code writes to the console. */
export const CONSOLE_LINE_LIMIT = 8_000
/** Lines that task code writes to the console: so many at once, then so many a second. */
export const CONSOLE_RATE = { burst: 500, perSecond: 100 } as const

/** Bytes in one message of a stream: big enough that the message costs little, small enough to keep many streams flat. */
export const CHUNK_SIZE = 256 * 1024
/** Bytes. The first message of a stream is at most this, so that a small file costs little memory. */
export const FIRST_CHUNK_SIZE = 16 * 1024
/** Bytes on their way that the receiver has not taken yet, for one stream. */
export const STREAM_WINDOW = 2 * 1024 * 1024
/** Requests of one step to its stores at once; further ones wait in the thread. */
export const CALLS_IN_FLIGHT = 64
/** Milliseconds between two flushes of a slice: what is lost with a worker is about a second of its work. */
export const FLUSH_MS = 1_000
/** Bytes that a slice's items have appended, at which it is flushed: they are in memory, and one object then. */
export const FLUSH_BYTES = 4 * 1024 ** 2
/** Failed items at which it is flushed: too many should be known soon. */
export const FLUSH_FAILURES = 100
/** Items between two flushes of a slice whose worker was lost before. */
export const WARY_ITEMS = 64
/** Milliseconds for which a flush is tried again: longer than a database takes to restart. */
export const FLUSH_PATIENCE_MS = 120_000
/** Items of which the outcome is kept back while an earlier one waits for its next try. */
export const HELD_ITEMS = 1_000
/** Bytes they may have appended. */
export const HELD_BYTES = 4 * 1024 ** 2
/** Milliseconds for which they go ahead of it: what they did is done again when their worker is lost. */
export const HELD_MS = 10_000
/** Milliseconds after which a slice lets its thread hear messages: a cancel must be heard between items that never wait. */
export const YIELD_MS = 50
/** Items of one page of a plan, and bytes of JSON: one row, and the longest slice. */
export const PAGE_ITEMS = 5_000
export const PAGE_BYTES = 1024 ** 2
/** Milliseconds after which a page that is not full is recorded: slow listings should not keep the work waiting. */
export const PAGE_MS = 1_000
/** Characters kept of the detail of a failed item. */
export const ITEM_DETAIL_LIMIT = 1_000

/** Entries of a listing in one message. */
export const LIST_PAGE = 1_000

/**
 * Places that are left for steps, whatever slices there are: one for a fan-out that lists its items or puts its outputs
 * together, which takes some seconds, and one so that a short task waits behind neither.
 */
export const STEP_PLACES = 2
