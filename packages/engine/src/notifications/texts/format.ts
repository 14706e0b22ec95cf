/** In which language and time zone somebody reads. */
export interface Reader {
  /** BCP 47; `null`: English. */
  locale: string | null
  /** IANA; `null`: UTC. */
  timeZone: string | null
}

/** Writes numbers, sizes and times as a person reads them. */
export interface Format {
  number(value: number): string
  /** Bytes, in powers of 1000 as file managers show them. */
  size(bytes: number): string
  moment(at: Date): string
  /** Milliseconds, in the largest unit of which there are two at least. */
  duration(milliseconds: number): string
}

const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const spans = [
  { unit: 'day', milliseconds: 86_400_000 },
  { unit: 'hour', milliseconds: 3_600_000 },
  { unit: 'minute', milliseconds: 60_000 },
] as const

/** What `Intl` does not know is English and UTC: a preference of long ago must not stop a message. */
export function formatFor({ locale, timeZone }: Reader): Format {
  const known = isKnown(() => new Intl.Locale(locale ?? 'en')) ? (locale ?? 'en') : 'en'
  const zone = isKnown(() => new Intl.DateTimeFormat('en', { timeZone: timeZone ?? 'UTC' })) ? timeZone : null
  const number = (value: number, options: Intl.NumberFormatOptions = {}) =>
    new Intl.NumberFormat(known, options).format(value)
  const unit = (value: number, name: string, unitDisplay: 'long' | 'short', maximumFractionDigits = 0) =>
    number(value, { style: 'unit', unit: name, unitDisplay, maximumFractionDigits })
  return {
    number: (value) => number(value),
    size(bytes) {
      let value = bytes
      let step = 0
      while (value >= 999.5 && step < sizes.length - 1) {
        value /= 1_000
        step += 1
      }
      return unit(value, sizes[step] ?? 'byte', 'short', step === 0 || value >= 100 ? 0 : 1)
    },
    moment: (at) =>
      new Intl.DateTimeFormat(known, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone ?? 'UTC' }).format(at),
    duration(milliseconds) {
      const span = spans.find((each) => milliseconds >= 2 * each.milliseconds)
      if (span === undefined) return unit(Math.round(milliseconds / 1_000), 'second', 'long')
      return unit(Math.round(milliseconds / span.milliseconds), span.unit, 'long')
    },
  }
}

function isKnown(make: () => unknown): boolean {
  try {
    make()
    return true
  } catch {
    return false
  }
}
