import { z } from 'zod'

const secret = z.string().regex(/^whsec_[A-Za-z0-9+/=]{24,}$/, 'write whsec_ and at least 24 characters of base64')

/** How people are told, beside their inbox. */
export const notifications = z.strictObject({
  /** Where people find the web: links in mails begin with it. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  email: z
    .strictObject({
      smtp: z.string().regex(/^smtps?:\/\/\S+$/, 'write smtp://HOST:PORT or smtps://ACCOUNT:PASSWORD@HOST'),
      from: z.string().regex(/@/, 'an address to send from'),
    })
    .optional(),
  webhooks: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]*$/),
        url: z.url({ protocol: /^https?$/ }),
        /** One secret, or while it changes the new one and the old one. */
        secrets: z.union([z.tuple([secret]), z.tuple([secret, secret])]),
        /** Host names that may lie in an internal network. */
        allowInternal: z.array(z.string().min(1)).optional(),
      }),
    )
    .optional(),
  /** A module whose default export passes a message on to the platform's own notifications. */
  platform: z.string().min(1).optional(),
})
