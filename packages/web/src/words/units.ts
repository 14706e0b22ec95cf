const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Between a number and its unit, where no line may end. */
const NBSP = '\u00A0'

const number = new Intl.NumberFormat()
const relativeTime = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
// Spans of 24 hours, which are not days of the calendar: one of them is not “tomorrow”.
const relativeDays = new Intl.RelativeTimeFormat(undefined, { numeric: 'always' })
const dateTime = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  timeZoneName: 'short',
})
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

/** `1,200`. */
export const count = (value: number): string => number.format(value)

/** `62 %` of 0.625: never all of it before it is all. */
export const percent = (share: number): string => `${Math.floor(share * 100)}${NBSP}%`

/** `3 tasks`, `1 task`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** `less than 0.1 s`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most, as a person would say it. */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds)
  if (span < SECOND / 10) return `less than 0.1${NBSP}s`
  if (span < 10 * SECOND) return `${(Math.floor(span / 100) / 10).toFixed(1)}${NBSP}s`
  if (span < MINUTE) return `${Math.floor(span / SECOND)}${NBSP}s`
  const pair = (big: number, bigName: string, small: number, smallName: string) => {
    const rest = Math.floor((span % big) / small)
    return `${Math.floor(span / big)}${NBSP}${bigName}${rest === 0 ? '' : ` ${rest}${NBSP}${smallName}`}`
  }
  if (span < HOUR) return pair(MINUTE, 'min', SECOND, 's')
  if (span < DAY) return pair(HOUR, 'h', MINUTE, 'min')
  return pair(DAY, 'd', HOUR, 'h')
}

/** `512 B`, `23.4 MB`, in powers of 1000 as file managers show them. */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = size
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${NBSP}${units[unit]}`
}

/** How long ago something happened: `3 minutes ago`, `now`. Never in the future, as clocks differ and `now` is some time ago. */
export const relative = (at: string, now: number): string => spanWords(Math.min(0, Date.parse(at) - now))

/** How long it is until something happens: `in 89 days`, `now`; `3 minutes ago` where it should have. */
export const until = (at: string, now: number): string => spanWords(Date.parse(at) - now)

function spanWords(span: number): string {
  const size = Math.abs(span)
  if (size < MINUTE) return relativeTime.format(0, 'second')
  if (size < HOUR) return relativeTime.format(Math.trunc(span / MINUTE), 'minute')
  if (size < DAY) return relativeTime.format(Math.trunc(span / HOUR), 'hour')
  return relativeDays.format(Math.trunc(span / DAY), 'day')
}

/** Day and time in the reader's zone, which is named, and manner. */
export const moment = (at: string): string => dateTime.format(new Date(at))

/** The day alone. */
export const day = (at: string): string => date.format(new Date(at))

/** When a day of the calendar begins where the reader is, or one that many days later. */
export function dayBegins(text: string, later = 0): Date {
  const [year = 0, month = 1, date = 1] = text.split('-').map(Number)
  return new Date(year, month - 1, date + later)
}

/** Whole days until then; 0 on the last one. */
export const daysUntil = (at: string, now: number): number => Math.max(0, Math.floor((Date.parse(at) - now) / DAY))
