/**
 * A definition says what a task is about with a function, `({ course }) => \`course:${course}\``, but
 * the server that must know it never loads task code. So the function is called once, when it is
 * defined, with placeholders for the input's fields, and what it returns is kept as a template:
 * `course:{course}`. Anything a template cannot say is refused there and then.
 */

const OPEN = '\u0002'
const CLOSE = '\u0003'

/** A function of the input that only puts its fields into a text, or the template itself. */
export type TextOf<Input> = string | ((input: Input) => unknown)

/**
 * The template behind the function.
 *
 * @param fields - the input's field names; any other is refused
 * @throws {TypeError} when the function does more than put fields into a text
 * @example
 * ```ts
 * traceTemplate(({ course }) => `course:${course}`, ['course']) // 'course:{course}'
 * ```
 */
export function traceTemplate<Input>(text: TextOf<Input>, fields: readonly string[]): string {
  const template = typeof text === 'string' ? text : callWithPlaceholders(text, fields)
  for (const [, field] of template.matchAll(/\{([^{}]*)\}/g)) {
    if (field === undefined || !fields.includes(field)) {
      throw new TypeError(`uses the field "${field}", which the input does not have`)
    }
  }
  return template
}

function callWithPlaceholders<Input>(text: (input: Input) => unknown, fields: readonly string[]): string {
  const input = new Proxy(
    {},
    {
      get(_target, key) {
        const field = String(key)
        if (!fields.includes(field)) {
          throw new TypeError(`uses the field "${field}", which the input does not have`)
        }
        return placeholder(field)
      },
    },
  )
  const returned = text(input as Input)
  const out = isPlaceholder(returned) ? String(returned) : returned
  if (typeof out !== 'string') {
    throw new TypeError(`must return a text, returned ${out === null ? 'null' : typeof out}`)
  }
  if (/[{}]/.test(out)) throw new TypeError('must not contain { or }')
  return out.replaceAll(OPEN, '{').replaceAll(CLOSE, '}')
}

const placeholders = new WeakSet<object>()

function placeholder(field: string): object {
  const made = new Proxy(
    {},
    {
      get(_target, key) {
        if (key === Symbol.toPrimitive || key === 'toString' || key === 'valueOf') {
          return () => `${OPEN}${field}${CLOSE}`
        }
        throw new TypeError(
          `reads ".${String(key)}" of the field "${field}"; it may only put fields into a text, as in \`course:\${course}\``,
        )
      },
    },
  )
  placeholders.add(made)
  return made
}

function isPlaceholder(value: unknown): boolean {
  return typeof value === 'object' && value !== null && placeholders.has(value)
}

/**
 * Puts the input's values into the template.
 *
 * @example
 * ```ts
 * fillTemplate('course:{course}', { course: 'course-v1:A+B+C' }) // 'course:course-v1:A+B+C'
 * ```
 */
export function fillTemplate(template: string, input: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\{([^{}]*)\}/g, (_all, field: string) => {
    const value = input[field]
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')
  })
}
