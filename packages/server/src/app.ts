import { Problem } from '@errand/engine'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import type { Logger } from 'pino'
import { API_BASE, JSON_LIMIT } from './config.ts'
import type { Authenticate, ServerContext, ServerEnv } from './context.ts'
import { addDoor, type Door } from './door.ts'
import { accessLog } from './http/access-log.ts'
import { authentication } from './http/authentication.ts'
import { jsonLimit } from './http/json-limit.ts'
import { problemResponse } from './http/problem-response.ts'
import { tracing } from './http/tracing.ts'
import { closeAfterUnreadBody } from './http/unread-body.ts'
import { openApiDocument } from './openapi/document.ts'
import { artifactContentRoutes } from './routes/artifact-content.ts'
import { artifactRoutes } from './routes/artifacts.ts'
import { definitionRoutes } from './routes/definitions.ts'
import { deliveryRoutes } from './routes/deliveries.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { meRoutes } from './routes/me.ts'
import { membershipRoutes } from './routes/memberships.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { notificationRoutes } from './routes/notifications.ts'
import { preferenceRoutes } from './routes/preferences.ts'
import { retentionRoutes } from './routes/retention.ts'
import { router } from './routes/router.ts'
import { scheduleRoutes } from './routes/schedules.ts'
import { sessionRoutes, signInLinkRoutes } from './routes/session.ts'
import { signInPage } from './routes/sign-in-page.ts'
import { statusRoutes } from './routes/status.ts'
import { actionRoutes } from './routes/tasks/actions.ts'
import { fanOutRoutes } from './routes/tasks/fan-out.ts'
import { historyRoutes } from './routes/tasks/history.ts'
import { readRoutes } from './routes/tasks/read.ts'
import { submitRoutes } from './routes/tasks/submit.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { workerRoutes } from './routes/workers.ts'
import { serveWeb } from './web/serve-web.ts'

/** The routes of the API below its base, without a guard. */
export function resourceRoutes(context: ServerContext): OpenAPIHono<ServerEnv> {
  const api = router()
  const resources = [
    submitRoutes(context),
    readRoutes(context),
    actionRoutes(context),
    fanOutRoutes(context),
    historyRoutes(context),
    eventRoutes(context),
    artifactRoutes(context),
    artifactContentRoutes(context),
    uploadRoutes(context),
    retentionRoutes(context),
    scheduleRoutes(context),
    definitionRoutes(context),
    workerRoutes(context),
    statusRoutes(context),
    meRoutes(),
    signInLinkRoutes(context),
    tokenRoutes(context),
    notificationRoutes(context),
    deliveryRoutes(context),
    preferenceRoutes(context),
    membershipRoutes(context),
  ]
  for (const resource of resources) api.route('/', resource)
  api.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  return api
}

/** The whole app: API, health, the web where there is one, errors as problems. */
export function createApp(
  context: ServerContext,
  authenticate: Authenticate,
  log: Logger,
  doors: readonly Door[] = [],
): OpenAPIHono<ServerEnv> {
  const app = router()
  app.use(requestId())
  app.use(tracing())
  app.use(accessLog(log))
  app.use(closeAfterUnreadBody())
  app.use(
    secureHeaders({
      // The platform's proxy ends TLS and knows whether HTTP is ever to be used again.
      strictTransportSecurity: false,
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      overwrite: false,
    }),
  )
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const problem = new Problem({
          code: 'method-not-allowed',
          status: 405,
          title: 'This is not done here',
          detail: `${c.req.path} takes ${methods.join(', ')}, not ${c.req.method}.`,
          hint: `See ${API_BASE}/openapi.json for what each path takes.`,
        })
        c.header('Allow', methods.join(', '))
        return problemResponse(problem, c)
      },
    }),
  )
  app.route('/', healthRoutes(context))
  app.route('/', metricsRoutes(context))
  const api = resourceRoutes(context)
  app.get(`${API_BASE}/openapi.json`, (c) => c.json(apiDocument(), 200, { 'Cache-Control': 'no-cache' }))
  const limitJson = jsonLimit(JSON_LIMIT)
  // Before anybody is known: this is where people come to be.
  app.route('/', signInPage())
  app.use(`${API_BASE}/session`, limitJson)
  app.route(API_BASE, sessionRoutes(context))
  app.use(`${API_BASE}/*`, authentication(context.engine, authenticate))
  // An upload has its own limit and is never held in memory.
  app.use(`${API_BASE}/*`, (c, next) => (isUpload(c.req.path) ? next() : limitJson(c, next)))
  app.route(API_BASE, api)
  for (const door of doors) addDoor(app, door, context, authenticate)
  app.notFound((c) => {
    const page = context.web && serveWeb(context.web, c)
    if (page) return page
    const problem = new Problem({
      code: 'route-unknown',
      status: 404,
      title: 'There is nothing at this address',
      detail: `No route for ${c.req.path}.`,
      hint: `See ${API_BASE}/openapi.json for what there is.`,
    })
    return problemResponse(problem, c)
  })
  app.onError(problemResponse)
  const apiDocument = once(() => openApiDocument(app))
  return app
}

function isUpload(path: string): boolean {
  return path === `${API_BASE}/uploads` || path.startsWith(`${API_BASE}/uploads/`)
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
