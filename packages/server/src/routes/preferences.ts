import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { preferenceSchema, preferencesSchema } from '../openapi/schemas.ts'
import { router, security } from './router.ts'

const readRoute = createRoute({
  method: 'get',
  path: '/preferences',
  operationId: 'getPreferences',
  summary: 'What I want to be told, and how',
  tags: ['notifications'],
  security,
  responses: { 200: json(preferencesSchema, 'With all there is to choose from'), ...problems(401, 403) },
})

/** Whether `Intl` takes it: whatever it does not take would stop a mail from being written. */
const locale = z
  .string()
  .max(50)
  .refine((text) => takes(() => new Intl.Locale(text)), 'a BCP 47 language tag, such as pt-BR')
const timeZone = z
  .string()
  .max(100)
  .refine(
    (text) => takes(() => new Intl.DateTimeFormat('en', { timeZone: text })),
    'an IANA zone, such as Europe/Madrid',
  )

const changeSchema = z.strictObject({
  preferences: z
    .array(preferenceSchema.extend({ cadence: preferenceSchema.shape.cadence.nullable() }).strict())
    .max(200)
    .optional()
    .describe('A cadence of `null` takes back what was said'),
  locale: locale.nullable().optional(),
  timeZone: timeZone.nullable().optional(),
})

const changeRoute = createRoute({
  method: 'patch',
  path: '/preferences',
  operationId: 'changePreferences',
  summary: 'Say what I want to be told by which channel: now, daily or never',
  description: 'Changes what is named, and leaves the rest.',
  tags: ['notifications'],
  security,
  request: { body: { content: { 'application/json': { schema: changeSchema } }, required: true } },
  responses: { 200: json(preferencesSchema, 'As they hold from now on'), ...problems(400, 401, 403, 409, 415) },
})

/** `GET` and `PATCH /preferences`. */
export function preferenceRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(readRoute, async (c) => {
    c.header('Cache-Control', 'private, no-store')
    return c.json(await engine.notifications.preferences.read(c.get('principal')), 200)
  })
  app.openapi(changeRoute, async (c) => {
    return c.json(await engine.notifications.preferences.change(c.req.valid('json'), c.get('principal')), 200)
  })
  return app
}

function takes(make: () => unknown): boolean {
  try {
    make()
    return true
  } catch {
    return false
  }
}
