import type { ByteRange } from '@errand/task'

/** What a Range header asks of a file: all of it, one part, or a part that it does not have. */
export type RangeRequest = { kind: 'all' } | { kind: 'part'; range: Required<ByteRange> } | { kind: 'unsatisfiable' }

const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i

/**
 * Reads a Range header for a file of `size` bytes, as RFC 9110 section 14 says. Whatever is not one range of
 * bytes is answered with the whole file, which that section allows; several ranges in one answer are a way to
 * make a server work hard for nothing.
 *
 * @example
 * ```ts
 * readRange('bytes=-500', 1_200) // { kind: 'part', range: { start: 700, end: 1200 } }
 * ```
 */
export function readRange(header: string | undefined, size: number): RangeRequest {
  const [, first = '', last = ''] = ONE_RANGE.exec(header ?? '') ?? []
  if (first === '' && last === '') return { kind: 'all' }
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', range: { start: size - length, end: size } }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return { kind: 'all' }
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', range: { start, end } }
}
