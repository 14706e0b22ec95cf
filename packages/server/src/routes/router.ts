import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerEnv } from '../context.ts'
import { refuseInvalid } from '../http/validation.ts'

/** A router of one resource; mounted below the API's base. */
export function router(): OpenAPIHono<ServerEnv> {
  return new OpenAPIHono<ServerEnv>({ defaultHook: refuseInvalid })
}

/** `{id}` in a path. What is no id of ours is not found: the engine says so. */
export const idParams = z.object({ id: z.string().min(1).max(200) })

/** Every route of the API wants to know who asks. */
export const security = [{ bearer: [] }]

/** A whole number in a query, where everything is text. */
export function wholeNumber(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER) {
  return z.coerce
    .number<string | number>()
    .int()
    .min(minimum)
    .max(maximum)
    .optional()
    .openapi({ type: 'integer', minimum, ...(maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }) })
}
