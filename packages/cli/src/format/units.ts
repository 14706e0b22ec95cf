import prettyBytes from 'pretty-bytes'
import prettyMilliseconds from 'pretty-ms'

/** `23.4 MB`: powers of ten, as disks and browsers count. */
export function bytes(count: number): string {
  return prettyBytes(count)
}

/** `0.4 s`, `12.3 s`, `1m 5s`: as exact as a person cares for. */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds)
  return span < 59_950
    ? `${(span / 1_000).toFixed(1)} s`
    : prettyMilliseconds(span, { secondsDecimalDigits: 0, unitCount: 2 })
}

/** `in 89 days`, `5 minutes ago`, `just now`. */
export function relative(date: Date, now: Date): string {
  const seconds = (date.getTime() - now.getTime()) / 1_000
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
  for (const [unit, size] of spans) {
    // 1.5: "80 minutes" says more than "1 hour".
    if (Math.abs(seconds) >= size * 1.5) return words.format(Math.trunc(seconds / size), unit)
  }
  return Math.abs(seconds) < 5 ? 'just now' : words.format(Math.trunc(seconds), 'second')
}

const spans: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** `2,000 files`, `2.8 kB`. */
export function count(number: number, unit: string | null): string {
  if (unit === 'bytes') return bytes(number)
  const text = number.toLocaleString('en')
  return unit === null ? text : `${text} ${unit}`
}

/** `1,200 of 2,500 files`, `1.2 MB of 2.5 MB`. */
export function countOf(done: number, total: number, unit: string | null): string {
  return `${count(done, unit === 'bytes' ? unit : null)} of ${count(total, unit)}`
}
