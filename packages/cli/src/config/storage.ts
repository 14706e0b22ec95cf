import { z } from 'zod'

/** The name of a storage. */
export const storageName = z.string().regex(/^[a-z][a-z0-9-]*$/)

const text = z.string().min(1)

/** What each scheme cannot do without; the rest of its options are OpenDAL's own and all texts. */
const schemes = [
  z.object({ scheme: z.literal('fs'), root: text }),
  z.object({ scheme: z.literal('s3'), bucket: text, region: text.optional(), endpoint: text.optional() }),
  z.object({ scheme: z.literal('gcs'), bucket: text }),
  z.object({ scheme: z.literal('azblob'), container: text, endpoint: text }),
  z.object({ scheme: z.literal('webdav'), endpoint: text }),
  z.object({ scheme: z.literal('memory') }),
] as const

/**
 * A storage: an OpenDAL scheme and that scheme's own options.
 *
 * @example
 * ```ts
 * { scheme: 'fs', root: '/srv/errand' }
 * { scheme: 's3', bucket: 'reports', region: 'eu-central-1' } // keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
 * ```
 */
export const storage = z
  .object({ scheme: z.enum(schemes.map((one) => one.shape.scheme.value)) })
  .catchall(z.string())
  .superRefine((config, context) => {
    const known = schemes.find((one) => one.shape.scheme.value === config.scheme)
    for (const issue of known?.safeParse(config).error?.issues ?? []) context.addIssue({ ...issue })
  })
