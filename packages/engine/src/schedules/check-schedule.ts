import { z } from 'zod'
import { Problem } from '../problem.ts'

/** Names are typed, and stand in addresses and ids. */
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'is 1 to 64 lowercase letters, digits, dots, underscores and hyphens')

const NAMES = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat'
// What every cron knows: numbers, names, lists, ranges and steps. Not what some add to it (seconds, L, W, #, H, @daily).
const FIELD = new RegExp(
  `^(\\*|(\\d+|${NAMES})(-(\\d+|${NAMES}))?)(/\\d+)?(,(\\*|(\\d+|${NAMES})(-(\\d+|${NAMES}))?)(/\\d+)?)*$`,
  'i',
)

const cron = z
  .string()
  .max(200, 'is longer than 200 characters')
  .transform((text) => text.trim().split(/\s+/))
  .refine((fields) => fields.length === 5, 'has five fields: minute, hour, day of the month, month, day of the week')
  .refine(
    (fields) => fields.length !== 5 || fields.every((field) => FIELD.test(field)),
    'takes numbers, names of months and days, and * , - / in each field',
  )
  .transform((fields) => fields.join(' '))

const timeZone = z
  .string()
  .regex(/^[A-Za-z]/, 'is none of IANA, such as Europe/Zurich')
  .refine(isTimeZone, 'is none of IANA, such as Europe/Zurich')

const schema = z.object({
  name,
  definition: z.string().min(1).max(100),
  input: z.unknown(),
  cron,
  timeZone: timeZone.default('UTC'),
  principal: name.default('scheduler'),
})

/** A request as it is kept. */
export type CheckedSchedule = z.output<typeof schema>

/**
 * Checks what can be said of a request by itself.
 *
 * @throws {Problem} `schedule-invalid` (422), naming each field
 */
export function checkSchedule(request: unknown): CheckedSchedule {
  const checked = schema.safeParse(request)
  if (checked.success) return checked.data
  throw scheduleInvalid(
    checked.error.issues.map(({ message, path }) => ({ field: path.join('.') || 'schedule', message })),
  )
}

export function scheduleInvalid(issues: readonly { field: string; message: string }[]): Problem {
  return new Problem({
    code: 'schedule-invalid',
    status: 422,
    title: 'The schedule is not valid',
    detail: `${issues.map(({ field, message }) => `${field} ${message}`).join('; ')}.`,
    hint: 'For example: cron "30 2 * * 1-5" and time zone Europe/Zurich, half past two on every working day.',
    extensions: { issues },
  })
}

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}
