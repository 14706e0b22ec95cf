/** The client's times and limits: each with its name, its unit and the reason for the number. */

/** Milliseconds without a byte after which a feed counts as dead: three of the server's heartbeats. */
export const FEED_SILENCE = 45_000

/** Milliseconds for which a broken feed or download is tried again: long enough for a server to be restarted. */
export const DEFAULT_PATIENCE = 120_000

/** Milliseconds before the first new try. Doubled each time up to {@link MAX_RETRY_DELAY}. */
export const FIRST_RETRY_DELAY = 200

/** Milliseconds between tries at most: a person is waiting. */
export const MAX_RETRY_DELAY = 5_000

/** Characters of one event at most; a task with 200 steps takes about 100,000. */
export const MAX_EVENT = 16 * 1024 * 1024

/** Bytes sent at a time by a browser, which cannot send a stream: what a broken connection costs at most. */
export const CHUNK_WITHOUT_STREAMS = 8 * 1024 * 1024

/** Bytes of the first piece that a browser sends; the next are twice as large while the line is fast. */
export const FIRST_PIECE = 1024 * 1024

/** Milliseconds that a piece may take for the next to be larger: a person sees the progress move. */
export const PIECE_TIME = 1_000

/** Bytes read from a file at a time: large enough that handing a piece on costs little beside its bytes. */
export const FILE_PIECE = 512 * 1024
/** Bytes taken from the network before the disk has them: a network's pieces are small, and what waits is written at once. */
export const WRITE_AHEAD = 1024 * 1024
