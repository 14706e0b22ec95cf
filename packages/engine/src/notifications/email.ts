import { createTransport } from 'nodemailer'
import { defaults } from '../config.ts'
import { mailText } from './mail.ts'
import type { Channel, NotificationConfig } from './types.ts'

/** Tells people by mail, over a few SMTP connections that are kept. */
export function emailChannel(config: NonNullable<NotificationConfig['email']>, publicUrl: string | undefined): Channel {
  const transport = createTransport({
    url: config.smtp,
    pool: true,
    maxConnections: defaults.deliveriesAtOnce,
    connectionTimeout: defaults.channelTimeout,
    greetingTimeout: defaults.channelTimeout,
    socketTimeout: defaults.channelTimeout,
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
