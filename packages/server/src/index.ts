/**
 * The HTTP API: tasks, their live feed, uploads, and the delivery of outputs.
 *
 * @packageDocumentation
 */
export type { Delivery } from './config.ts'
export type { Authenticate, ServerEnv } from './context.ts'
export type { Door, DoorContext } from './door.ts'
export type { NodeHandler } from './handle.ts'
export { firstOf, personalTokens } from './http/authenticators.ts'
export { JWT_ALGORITHMS, type JwtOptions, jwtAuthenticator, openEdx } from './http/jwt-authenticator.ts'
export { limited } from './http/limited.ts'
export { problemJson, problemOf } from './http/problem-response.ts'
export { type TokenEntry, tokenAuthenticator } from './http/token-authenticator.ts'
export type { Listening, ListenOptions } from './listen.ts'
export { createServer, type ErrandServer, type ServerOptions } from './server.ts'
export { loadWebApp, type WebApp } from './web/web-app.ts'
