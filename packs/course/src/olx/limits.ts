/**
 * The bounds of the reader, in one place. What exceeds one is reported as a problem that names it; the file itself is kept.
 *
 * @packageDocumentation
 */

/** The largest XML, HTML or JSON file that is parsed, in bytes: real ones stay below 5 MiB, and parsing costs about ten times the size. */
export const TEXT_FILE_LIMIT = 32 * 1024 * 1024

/** The deepest nesting of elements in one file. Real courses stay below 60; deeper ones are made to exhaust a reader. */
export const ELEMENT_DEPTH_LIMIT = 200

/** Elements plus attributes of one file: at some 200 bytes each this is about 100 MB, for the moment of parsing. */
export const NODE_LIMIT = 500_000

/** How many files a chain of pointers may pass through. A sound course needs six. */
export const POINTER_DEPTH_LIMIT = 100

/** The most blocks of one course. The largest known real course has 345,000. */
export const BLOCK_LIMIT = 500_000

/** Attribute values are kept up to this length, in characters: longer ones are content (drag-and-drop data, Markdown sources), not settings. */
export const ATTRIBUTE_LIMIT = 16_384

/** The most links remembered for one block; only their check is cut short beyond it. */
export const LINK_LIMIT = 1_000

/** The most problems kept of one kind; beyond it they are counted only, so that a report stays readable. */
export const PROBLEM_LIMIT = 1_000
