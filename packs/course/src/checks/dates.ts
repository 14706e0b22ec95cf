const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const ISO =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i
const MONTH_FIRST = /^([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(.*)$/i
const DAY_FIRST = /^(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]+)\.?,?\s+(\d{4})(.*)$/i
const SLASHED = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(.*)$/
const TIME = /^,?\s*(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(am|pm)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i

/**
 * Reads a date as course files have it: ISO 8601 in its common forms, or written out in English. Without a zone it is UTC.
 *
 * @returns milliseconds since 1970, or undefined if it is no date
 * @example
 * ```ts
 * readDate('2026-02-20T17:00:00Z')
 * readDate('Feb 20, 2026, 17:00')
 * ```
 */
export function readDate(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string') return undefined
  const text = value.trim().replace(/^"(.*)"$/, '$1')
  const iso = ISO.exec(text)
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, zone] = iso
    return moment(year, Number(month), day, hour, minute, second, undefined, zone)
  }
  const first = MONTH_FIRST.exec(text)
  if (first !== null) return withTime(first[3], monthOf(first[1]), first[2], first[4])
  const second = DAY_FIRST.exec(text)
  if (second !== null) return withTime(second[3], monthOf(second[2]), second[1], second[4])
  const slashed = SLASHED.exec(text)
  if (slashed !== null) return withTime(slashed[3], Number(slashed[1]), slashed[2], slashed[4])
  return undefined
}

function monthOf(name = ''): number {
  const lower = name.toLowerCase()
  // "Sept" and full names are told by their first three letters, which must begin the whole name.
  const at = MONTHS.indexOf(lower.slice(0, 3))
  const full = [
    'january',
    'february',
    'march',
    'april',
    'may',
    'june',
    'july',
    'august',
    'september',
    'october',
    'november',
    'december',
  ]
  return at >= 0 && full[at]?.startsWith(lower) === true ? at + 1 : 0
}

function withTime(year: string | undefined, month: number, day: string | undefined, rest = ''): number | undefined {
  if (rest.trim() === '') return moment(year, month, day)
  const time = TIME.exec(rest.trim())
  if (time === null) return undefined
  const [, hour, minute, second, half, zone] = time
  return moment(year, month, day, hour, minute, second, half, zone)
}

function moment(
  year = '',
  month = 0,
  day = '',
  hour = '0',
  minute = '0',
  second = '0',
  half?: string,
  zone?: string,
): number | undefined {
  const [y, d, m, s] = [Number(year), Number(day), Number(minute), Number(second)]
  let h = Number(hour)
  if (half !== undefined) {
    if (h < 1 || h > 12) return undefined
    h = (h % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
  }
  if (month < 1 || month > 12 || h > 24 || m > 59 || s > 60) return undefined
  // Day 0 of the next month is the last of this one.
  if (d < 1 || d > new Date(Date.UTC(y, month, 0)).getUTCDate()) return undefined
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '')
  const minutes = offset === null ? 0 : (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]))
  const time = Date.UTC(y, month - 1, d, h, m, s) - minutes * 60_000
  return Number.isNaN(time) ? undefined : time
}

const PERIOD = /^(?:\d+ days?)?\s?(?:\d+ hours?)?\s?(?:\d+ minutes?)?\s?(?:\d+ seconds?)?$|^\d{1,3}:\d{2}(?::\d{2})?$/

/** Whether a grace period is one: `1 day 5 hours 59 minutes 59 seconds`, any of these left out. */
export function isPeriod(value: unknown): boolean {
  return typeof value === 'string' && PERIOD.test(value.trim())
}
