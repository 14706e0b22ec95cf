import { z } from 'zod'
import type { DefinitionShape } from './shape.ts'

/** The ends of a task that people are told of. */
export const endings = ['completed', 'completed_with_errors', 'failed', 'canceled'] as const
export type Ending = (typeof endings)[number]

const text = z.strictObject({
  /** One line: the subject of a mail. */
  title: z.string().min(1).max(200),
  /** A sentence or two. Left out: what Errand itself says. */
  body: z.string().max(1_000).optional(),
})

/** More than any platform speaks; all of them are read with each notification. */
const MOST_LANGUAGES = 50

/** Language, script, country, as `Intl` writes them. */
const TAG = /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/

/** By language (BCP 47) and ending. */
export const notificationTextsSchema = z
  .record(
    z.string(),
    z.strictObject({
      completed: text.optional(),
      completed_with_errors: text.optional(),
      failed: text.optional(),
      canceled: text.optional(),
    }),
  )
  .refine((languages) => Object.keys(languages).every((tag) => TAG.test(tag)), 'a language tag, such as de or pt-BR')
  .refine((languages) => Object.keys(languages).length <= MOST_LANGUAGES, `at most ${MOST_LANGUAGES} languages`)

/**
 * How the ends of a task read, by language: plain text with values in braces, which are filled in as the person reads
 * numbers, sizes and times. A text that names a value which is not there gives way to what Errand itself says.
 *
 * | value | is |
 * |---|---|
 * | `{title}`, `{scope}` | the task's title; what it is about, without its kind |
 * | `{failure}`, `{hint}` | of a failure: what happened, what to do |
 * | `{started}`, `{ended}`, `{duration}` | when, and how long it took |
 * | `{input.FIELD}` | a text or number of the input that may be shown |
 * | `{result.STEP.FIELD}` | a text or number in a step's result |
 * | `{output.SLOT.filename}`, `{output.SLOT.size}`, `{output.SLOT.expires}` | an output: its name, its size, until when it is kept |
 *
 * @example
 * ```ts
 * notifications: {
 *   en: { completed: { title: 'The archive of {input.course} is ready', body: '{output.archive.size}.' } },
 *   de: { completed: { title: 'Das Archiv von {input.course} ist fertig', body: '{output.archive.size}.' } },
 * }
 * ```
 */
export type NotificationTexts = z.infer<typeof notificationTextsSchema>

/** The values that a text names. */
export function valuesIn(template: string): string[] {
  return [...template.matchAll(VALUE)].map(([, name = '']) => name)
}

/**
 * Puts the values in. What is put in is not looked at again, whatever it holds.
 *
 * @returns `undefined` when one of them is not there
 * @example
 * ```ts
 * fillText('{scope} is ready', (name) => (name === 'scope' ? 'Demo' : undefined)) // 'Demo is ready'
 * ```
 */
export function fillText(template: string, value: (name: string) => string | undefined): string | undefined {
  let whole = true
  const filled = template.replaceAll(VALUE, (_all, name: string) => {
    const found = value(name)
    if (found === undefined || found === '') whole = false
    return found ?? ''
  })
  return whole ? filled : undefined
}

const VALUE = /\{([^{}]*)\}/g
const PLAIN: readonly string[] = ['title', 'scope', 'failure', 'hint', 'started', 'ended', 'duration']
const OUTPUT: readonly string[] = ['filename', 'size', 'expires']

/** What is wrong with the texts of a definition, or `undefined`. */
export function textsProblem(shape: DefinitionShape): string | undefined {
  for (const [language, texts] of Object.entries(shape.notifications ?? {})) {
    for (const [ending, text] of Object.entries(texts)) {
      for (const template of [text?.title ?? '', text?.body ?? '']) {
        const where = `notifications.${language}.${ending}`
        if (/[{}]/.test(template.replaceAll(VALUE, ''))) return `${where}: has a { or } that belongs to no value`
        const unknown = valuesIn(template).find((name) => !isValue(shape, name))
        if (unknown !== undefined) return `${where}: "{${unknown}}" is no value of this definition that can be shown`
      }
    }
  }
  return undefined
}

function isValue(shape: DefinitionShape, name: string): boolean {
  const [kind, part = '', field = '', ...more] = name.split('.')
  if (more.length > 0) return false
  if (kind === 'input' && field === '') return isShown(shape.input, part)
  if (kind === 'result') return field !== '' && shape.steps.some((step) => step.name === part)
  if (kind === 'output') return OUTPUT.includes(field) && Object.hasOwn(shape.artifacts, part)
  return PLAIN.includes(name)
}

/** Whether it is a field of the input that is no secret. */
function isShown({ properties }: DefinitionShape['input'], field: string): boolean {
  if (typeof properties !== 'object' || properties === null || !Object.hasOwn(properties, field)) return false
  // A secret in one of its alternatives, or deep in it, is one as well.
  const text = JSON.stringify(Reflect.get(properties, field))
  return !/"writeOnly":true|"format":"password"/.test(text)
}
