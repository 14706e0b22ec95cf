import { createTransport } from 'nodemailer'
import { defaults } from '../config.ts'
import { Problem } from '../problem.ts'
import { mailText } from './mail.ts'
import type { Channel, NotificationConfig } from './types.ts'

const TIMEOUTS = {
  connectionTimeout: defaults.channelTimeout,
  greetingTimeout: defaults.channelTimeout,
  socketTimeout: defaults.channelTimeout,
}

/**
 * Proves that the mail server is there and accepts who would send; it sends nothing.
 *
 * @throws {Problem} `mail-refused`, with what the server said
 * @example
 * ```ts
 * await checkMail({ smtp: 'smtps://errand:secret@mail.example.org', from: 'errand@example.org' })
 * ```
 */
export async function checkMail({ smtp }: NonNullable<NotificationConfig['email']>): Promise<void> {
  const transport = createTransport({ url: smtp, ...TIMEOUTS })
  try {
    await transport.verify()
  } catch (cause) {
    throw new Problem({
      code: 'mail-refused',
      status: 503,
      title: 'The mail server does not take mails',
      detail: cause instanceof Error ? cause.message : String(cause),
      hint: 'Check notifications.email.smtp: host, port, account and password.',
      cause,
    })
  } finally {
    transport.close()
  }
}

/** Tells people by mail, over a few SMTP connections that are kept. */
export function emailChannel(config: NonNullable<NotificationConfig['email']>, publicUrl: string | undefined): Channel {
  const transport = createTransport({
    url: config.smtp,
    pool: true,
    maxConnections: defaults.deliveriesAtOnce,
    ...TIMEOUTS,
    // A mail is made of texts alone: nothing in it may name a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = /@([\w.-]+)>?\s*$/.exec(config.from)?.[1] ?? 'errand.invalid'
  return {
    name: 'email',
    needsEmail: true,
    cadence: 'now',
    async send(message) {
      if (message.to.email === null) return
      await transport.sendMail({
        from: config.from,
        // As an object, so that a name with commas or line ends stays a name.
        to: { name: message.to.name, address: message.to.email },
        // A mail that was taken while its sender was killed is sent again under the same id, and mailboxes keep one.
        messageId: `<${message.id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        ...mailText(message, publicUrl),
      })
    },
    close: () => transport.close(),
  }
}
