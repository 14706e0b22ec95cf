/**
 * Passes notifications on to the platform's own service: a module with one function, named in the configuration.
 *
 *     notifications: { publicUrl: 'https://errand.example.org', platform: './platform-notifications.ts' }
 *
 * What it throws is tried again, for days; `message.id` stays the same, so that the service can tell what it has already.
 */

interface Message {
  id: string
  to: { id: string; name: string; email: string | null; locale: string | null; timeZone: string | null }
  /** More than one in a daily message. */
  notifications: readonly { kind: string; title: string; body: string; link: string | null; createdAt: Date }[]
}

/** The environment names the service and the token for it: neither belongs in a file. */
const { PLATFORM_NOTIFICATIONS_URL = '', PLATFORM_NOTIFICATIONS_TOKEN = '', ERRAND_PUBLIC_URL = '' } = process.env

export default async function deliver(message: Message): Promise<void> {
  const response = await fetch(PLATFORM_NOTIFICATIONS_URL, {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(10_000),
    headers: {
      authorization: `Bearer ${PLATFORM_NOTIFICATIONS_TOKEN}`,
      'content-type': 'application/json',
      'idempotency-key': message.id,
    },
    body: JSON.stringify({
      user: message.to.id,
      app: 'errand',
      notifications: message.notifications.map(({ body, createdAt, kind, link, title }) => ({
        type: kind,
        title,
        content: body,
        url: link === null ? null : new URL(link, ERRAND_PUBLIC_URL).href,
        created: createdAt.toISOString(),
      })),
    }),
  })
  if (!response.ok) throw new Error(`The notification service answered ${response.status}.`)
}
