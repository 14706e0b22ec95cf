import type { NotificationView } from './types.ts'

/** What is kept of a notification. Texts are made of it when it is shown, not when it happened. */
export interface NotificationRow {
  id: string
  kind: string
  task_id: string | null
  data: Record<string, unknown>
  created_at: Date
  read_at: Date | null
}

const sentences: Readonly<Record<string, (title: string) => string>> = {
  'task.completed': (title) => `${title} is done`,
  'task.completed_with_errors': (title) => `${title} is done, with errors`,
  'task.failed': (title) => `${title} has failed`,
  'task.canceled': (title) => `${title} was canceled`,
}

/** What Errand itself tells. */
export const taskKinds: readonly string[] = Object.keys(sentences)

/** A notification as people read it. */
export function render(row: NotificationRow): NotificationView {
  const text = (key: string) => {
    const value = row.data[key]
    return typeof value === 'string' ? oneLine(value) : ''
  }
  const sentence = sentences[row.kind]
  const about = [text('scope').replace(/^course:/, ''), text('failure'), text('hint')].filter((part) => part !== '')
  return {
    id: row.id,
    kind: row.kind,
    title: sentence === undefined || row.task_id === null ? text('title') : sentence(text('title')),
    body: row.task_id === null ? text('body') : about.join('. '),
    link: row.task_id === null ? text('link') || null : `/tasks/${row.task_id}`,
    taskId: row.task_id,
    createdAt: row.created_at,
    readAt: row.read_at,
  }
}

/** Without line ends and control characters: what others named must not become a header, or a second line. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}

/** Text in HTML, also inside a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
