import type { Engine } from '@errand/engine'
import type { Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import type { Authenticate, ServerContext, ServerEnv } from './context.ts'
import { authentication } from './http/authentication.ts'
import { deliver } from './routes/artifact-content.ts'

/** What a door is given. Everything is done through the engine, with the principal of the request. */
export interface DoorContext {
  engine: Engine
  /** Bytes of one upload. */
  uploadLimit: number
  /** Answers with an output as the server delivers them: ranges, `redirect` and `x-accel` included. */
  deliver(c: Context<ServerEnv>, artifactId: string): Promise<Response>
}

/**
 * Paths beside the API, for clients that speak another product's language. Nobody passes unknown: whoever comes to one of
 * its paths is known by the same ways as at the API, and `c.get('principal')` says who it is.
 *
 * @example
 * ```ts
 * const hello: Door = { routes: () => new Hono<ServerEnv>().get('/hello', (c) => c.text(c.get('principal').name)) }
 * createServer({ engine, authenticate, doors: [hello] })
 * ```
 */
export interface Door {
  routes(context: DoorContext): Hono<ServerEnv>
  /** Origins of the platform's pages that may come here with a person's cookies: `https://apps.example.org`. Default: none. */
  origins?: readonly string[]
}

/** Seconds for which a browser need not ask again whether it may come here from another origin. */
const PREFLIGHT_KEPT = 600

/** Adds a door's paths to the app, each behind the guard. */
export function addDoor(app: Hono<ServerEnv>, door: Door, context: ServerContext, authenticate: Authenticate): void {
  const { engine, uploadLimit } = context
  const { origins = [] } = door
  const routes = door.routes({
    engine,
    uploadLimit,
    deliver: (c, id) =>
      deliver(c, context, id, {
        range: c.req.header('range'),
        'if-range': c.req.header('if-range'),
        'if-none-match': c.req.header('if-none-match'),
      }),
  })
  const paths = new Set(routes.routes.map(({ path }) => path))
  for (const path of paths) {
    // A browser asks with OPTIONS, and without cookies, whether it may: that comes before the guard.
    if (origins.length > 0) {
      app.use(path, cors({ origin: [...origins], credentials: true, maxAge: PREFLIGHT_KEPT }))
    }
    app.use(path, authentication(engine, authenticate, origins))
  }
  app.route('/', routes)
}
