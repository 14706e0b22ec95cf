const HOUR = 3_600_000

/**
 * When it is next `hour` o'clock somewhere. On the day the clocks change it may be an hour off, once.
 *
 * @param timeZone - IANA; `null`, or one that is none, is UTC
 */
export function nextHour(now: Date, hour: number, timeZone: string | null): Date {
  const offset = offsetOf(now, timeZone)
  // The wall clock there, written as if it were UTC.
  const wall = new Date(now.getTime() + offset)
  const today = Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()) + hour * HOUR
  const next = today > wall.getTime() ? today : today + 24 * HOUR
  return new Date(next - offset)
}

/** Milliseconds that the zone is ahead of UTC. */
function offsetOf(at: Date, timeZone: string | null): number {
  let parts: Intl.DateTimeFormatPart[]
  try {
    parts = new Intl.DateTimeFormat('en', {
      timeZone: timeZone ?? 'UTC',
      timeZoneName: 'longOffset',
    }).formatToParts(at)
  } catch {
    return 0
  }
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d+):(\d+)/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
