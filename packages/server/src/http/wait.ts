import { MAX_WAIT } from '../config.ts'

/**
 * The seconds of `Prefer: wait=N` (RFC 7240), at most {@link MAX_WAIT}; `undefined` without one.
 *
 * @example
 * ```ts
 * preferredWait('respond-async, wait=60') // 10
 * ```
 */
export function preferredWait(header: string | undefined): number | undefined {
  for (const preference of header?.split(/[,;]/) ?? []) {
    const [, seconds] = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*$/i.exec(preference) ?? []
    if (seconds !== undefined) return Math.min(Number(seconds), MAX_WAIT)
  }
  return undefined
}
