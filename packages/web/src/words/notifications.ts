import { capital } from './states.ts'

const kinds: Readonly<Record<string, string>> = {
  'task.completed': 'A task has completed',
  'task.completed_with_errors': 'A task has completed with errors',
  'task.failed': 'A task has failed',
  'task.canceled': 'A task was canceled',
}

const channels: Readonly<Record<string, string>> = { email: 'Mail', webhook: 'Webhook', platform: 'The platform' }

/** A kind of notification in plain words; the platform's own are shown by their name. */
export const kindWords = (kind: string): string => kinds[kind] ?? capital(kind.replaceAll(/[._-]+/g, ' '))

/** A way to reach somebody, in a word or two. */
export const channelWords = (channel: string): string => channels[channel] ?? capital(channel)
