/** In JSON text: an escaped NUL, or an escaped half of a surrogate pair (whole pairs are never escaped). */
const SUSPECT = /\\u(0000|d[89a-f])/

/**
 * JSON that PostgreSQL's `jsonb` takes. It refuses NUL characters and halves of surrogate pairs, which texts from task
 * code can have (a line cut in the middle of an emoji); they become U+FFFD, the character for what cannot be shown.
 *
 * @example
 * ```ts
 * jsonText({ message: 'cut \ud83d' }) // '{"message":"cut \ufffd"}'
 * ```
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value ?? null)
  return SUSPECT.test(text) ? JSON.stringify(clean(JSON.parse(text))) : text
}

/** Whether `jsonb` takes the text as it is. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** The text with U+FFFD for what `jsonb` does not take. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return storable(value)
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [storable(key), clean(part)]))
}
