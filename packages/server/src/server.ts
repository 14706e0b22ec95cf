import type { Engine } from '@errand/engine'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { destination, type Logger, pino } from 'pino'
import { createApp } from './app.ts'
import { DEFAULT_UPLOAD_LIMIT, type Delivery, HEARTBEAT } from './config.ts'
import type { Authenticate, ServerEnv } from './context.ts'
import type { Door } from './door.ts'
import { FeedWriters } from './feed/feed-writers.ts'
import { type NodeHandler, nodeHandler } from './handle.ts'
import { type Listening, type ListenOptions, listen } from './listen.ts'
import type { WebApp } from './web/web-app.ts'

export interface ServerOptions {
  engine: Engine
  authenticate: Authenticate
  /** Default: JSON lines on standard error. */
  logger?: Logger
  /** Bytes of one upload. Default 10 GiB. */
  uploadLimit?: number
  /** How outputs are delivered. Default: through this process. */
  delivery?: Delivery
  /** The web app, as {@link loadWebApp} reads it. Default: the API alone. */
  web?: WebApp
  /** Paths beside the API, for clients that speak another product's language. Default: none. */
  doors?: readonly Door[]
  /** Milliseconds between comments in a quiet feed. Default 15 s. */
  heartbeat?: number
}

export interface ErrandServer {
  /** The app, for platforms whose requests are those of the Web (Hono, Next, Bun): `app.fetch`. */
  app: OpenAPIHono<ServerEnv>
  /**
   * The same for platforms whose requests are Node's (Express, Fastify, Koa). What has read the body before leaves none for
   * this: mount it before body parsers, at `/api/v1`, with the address as it came.
   *
   * @example
   * ```ts
   * express().all('/api/v1/{*path}', errand.handle)
   * ```
   */
  handle: NodeHandler
  /** Ends feeds and waits, for a platform whose own server is about to close. Can be called again. */
  stop(): void
  /** @throws {Problem} port-in-use, port-forbidden, host-unknown */
  listen(options: ListenOptions): Promise<Listening>
}

/**
 * The HTTP API over an engine. It does not close the engine.
 *
 * @example
 * ```ts
 * const { listen } = createServer({ engine, authenticate: tokenAuthenticator([{ token, principal }]) })
 * const { url, close } = await listen({ port: 4400 })
 * ```
 */
export function createServer(options: ServerOptions): ErrandServer {
  const stopping = new AbortController()
  const heartbeat = options.heartbeat ?? HEARTBEAT
  const app = createApp(
    {
      engine: options.engine,
      uploadLimit: options.uploadLimit ?? DEFAULT_UPLOAD_LIMIT,
      delivery: options.delivery ?? { by: 'stream' },
      heartbeat,
      stopping: stopping.signal,
      ...(options.web === undefined ? {} : { web: options.web }),
    },
    options.authenticate,
    options.logger ?? pino(destination(2)),
    options.doors,
  )
  const feeds = new FeedWriters(heartbeat)
  const stop = () => {
    stopping.abort()
    feeds.close()
  }
  return {
    app,
    handle: nodeHandler(app.fetch, feeds),
    stop,
    listen: (where) => listen(app.fetch, { ...where, heartbeat }, stop),
  }
}
