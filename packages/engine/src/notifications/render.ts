import { type Ending, endings, fillText } from '@errand/task'
import { builtIn, lookUp } from './texts/built-in.ts'
import { type Facts, factFor } from './texts/facts.ts'
import { formatFor, type Reader } from './texts/format.ts'
import type { NotificationView } from './types.ts'

/** What is kept of a notification. Texts are made of it when it is shown, not when it happened. */
export interface NotificationRow {
  id: string
  kind: string
  task_id: string | null
  data: Record<string, unknown>
  created_at: Date
  read_at: Date | null
  /** Of a task whose definition has texts of its own. */
  facts: Facts | null
}

/** What Errand itself tells. */
export const taskKinds: readonly string[] = endings.map((ending) => `task.${ending}`)

/** A notification as that person reads it. */
export function render(row: NotificationRow, reader: Reader): NotificationView {
  const ending = row.task_id === null ? undefined : endings.find((each) => row.kind === `task.${each}`)
  const { body, title } = ending === undefined ? plainText(row) : endingText(row, ending, reader)
  return {
    id: row.id,
    kind: row.kind,
    title,
    body,
    link: row.task_id === null ? kept(row, 'link') || null : `/tasks/${row.task_id}`,
    taskId: row.task_id,
    createdAt: row.created_at,
    readAt: row.read_at,
  }
}

/** What the platform has said, as it said it. */
function plainText(row: NotificationRow) {
  return { title: kept(row, 'title'), body: kept(row, 'body') }
}

/**
 * In the person's language, if the definition has it or Errand; else in English, by the definition or Errand. What names a
 * value that is not there gives way, title and body each by itself.
 */
function endingText(row: NotificationRow, ending: Ending, reader: Reader) {
  const { facts } = row
  const written = facts?.texts ?? {}
  const there = Object.keys(written).filter((language) => written[language]?.[ending] !== undefined)
  const errand = builtIn(reader.locale)
  const theirs = lookUp(reader.locale, there) ?? lookUp(errand.language, there)
  const text = theirs === undefined ? undefined : written[theirs]?.[ending]
  // Numbers and times stand in a sentence: they are written in its language, and as in the person's country if that is it.
  const spoken = theirs ?? errand.language
  const locale = lookUp(reader.locale, [spoken]) === undefined ? spoken : reader.locale
  const format = formatFor({ locale, timeZone: reader.timeZone })
  const value = (name: string) => kept(row, name) || (facts === null ? undefined : factFor(facts, name, format))
  const fill = (template: string | undefined) =>
    template === undefined ? undefined : fillText(template, (name) => oneLine(value(name) ?? ''))
  const about = [kept(row, 'scope'), kept(row, 'failure'), kept(row, 'hint')].filter((part) => part !== '')
  return {
    title: oneLine(fill(text?.title) ?? fill(errand.texts.endings[ending]) ?? kept(row, 'title')),
    body: oneLine(fill(text?.body) ?? about.join('. ')),
  }
}

/** A text that was kept when it happened, on one line. */
function kept(row: NotificationRow, name: string): string {
  const value = row.data[name]
  const text = typeof value === 'string' ? oneLine(value) : ''
  return name === 'scope' ? text.replace(/^course:/, '') : text
}

/** Without line ends and control characters: what others named must not become a header, or a second line. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}

/** Text in HTML, also inside a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
