/** A length of time; the parts add up. `{ days: 90 }`, `{ minutes: 1, seconds: 30 }`. */
export interface Duration {
  days?: number
  hours?: number
  minutes?: number
  seconds?: number
}

/**
 * @throws {TypeError} when the duration is empty, negative or not a number.
 * @example
 * ```ts
 * toSeconds({ minutes: 1, seconds: 30 }) // 90
 * ```
 */
export function toSeconds(duration: Duration): number {
  const { days = 0, hours = 0, minutes = 0, seconds = 0 } = duration
  const total = days * 86_400 + hours * 3_600 + minutes * 60 + seconds
  if (!Number.isFinite(total) || total <= 0) {
    throw new TypeError(`A duration must be longer than nothing, got ${JSON.stringify(duration)}.`)
  }
  return total
}
