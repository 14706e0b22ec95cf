/** The web's times and limits: each with its name, its unit and the reason for the number. */

/** Tasks of one page of the list: more than two screens, so that the next page is there before its turn. */
export const PAGE_SIZE = 50

/** Milliseconds after the last key until a text search is sent: a pause between words, not between letters. */
export const SEARCH_PAUSE = 250

/** Milliseconds between looks at what no feed tells: workers, definitions, the state of the service. */
export const OPERATIONS_POLL = 5_000

/** Milliseconds between two ticks of durations and countdowns. */
export const TICK = 1_000

/** Milliseconds between two ticks of what is told in minutes. */
export const SLOW_TICK = 60_000

/** Milliseconds after which what had the focus and is gone has lost it: a dialog that closes gives it back by itself, after ten. */
export const FOCUS_PAUSE = 50

/** Milliseconds a connection may be lost before the page says so: a restart that nobody would notice is not worth a word. */
export const LOST_NOTICE = 400

/** Pixels of a row of the list before it is measured. */
export const ROW_HEIGHT = 92

/** Days before its expiry from which on an output's time is shown as a warning. */
export const EXPIRY_WARNING_DAYS = 7

/** Slices side by side that may be asked for; the server's limit. */
export const MAX_CONCURRENCY = 1_000
