/** A file of up to this many bytes is bundled wherever it is: an object of its own would cost more than its bytes. */
const SMALL_BYTES = 16 * 1024
/** A file outside static/ of up to this many bytes is bundled: it is text that is read together with the rest. */
const TEXT_BYTES = 2 ** 20

/** A file of more bytes is streamed; a smaller one is hashed in memory and written at once. */
export const WHOLE_BYTES = 2 ** 20
/** Objects written side by side. Times {@link WHOLE_BYTES}, it bounds the memory they take. */
export const WRITES_AT_ONCE = 16

/** Whether a file goes into the version's bundle, rather than into an object of its own. */
export function isBundled(path: string, size: number): boolean {
  return size <= SMALL_BYTES || (size <= TEXT_BYTES && !/(^|\/)static(_import)?\//.test(path))
}
