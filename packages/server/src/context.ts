import type { Engine, Principal } from '@errand/engine'
import type { HttpBindings } from '@hono/node-server'
import type { Logger } from 'pino'
import type { Delivery } from './config.ts'
import type { FeedAnswer } from './feed/feed-writers.ts'
import type { WebApp } from './web/web-app.ts'

/** Says who sends a request, or `null` for nobody we know. */
export type Authenticate = (request: Request) => Principal | null | Promise<Principal | null>

/** What the routes are given. */
export interface ServerContext {
  engine: Engine
  /** Bytes of one upload. */
  uploadLimit: number
  delivery: Delivery
  /** The built web app; without one there is the API alone. */
  web?: WebApp
  /** Milliseconds between comments in a quiet feed. */
  heartbeat: number
  /** Aborts when the server stops: feeds and waits end. */
  stopping: AbortSignal
}

/** What Hono carries with each request. */
export interface ServerEnv {
  Variables: {
    requestId: string
    /** Set by the authentication for everything below the API's base. */
    principal: Principal
    /** Set when it was a session that told who it is. */
    sessionExpiresAt?: Date
    /** Carries the request id. */
    log: Logger
  }
  /** Absent when the app is called without a socket, as tests do. */
  Bindings: Partial<HttpBindings> & {
    /** Where our own HTTP server looks for a feed that it is to write itself; absent in a platform's server. */
    feed?: { answer?: FeedAnswer }
  }
}
