import type { Engine } from '@errand/engine'
import { pino } from 'pino'
import { createApp } from '../app.ts'
import type { ServerContext } from '../context.ts'
import { type OpenApiDocument, openApiDocument } from './document.ts'

/** The OpenAPI document without an engine or a database: the routes are declared, and none is called. */
export function offlineDocument(): OpenApiDocument {
  const engine = new Proxy({} as Engine, {
    get(_target, key) {
      throw new TypeError(`The document needs no engine, but something read engine.${String(key)}`)
    },
  })
  const context: ServerContext = {
    engine,
    uploadLimit: 0,
    heartbeat: 0,
    delivery: { by: 'stream' },
    stopping: new AbortController().signal,
  }
  return openApiDocument(createApp(context, () => null, pino({ level: 'silent' })))
}

/** The document as text, the way it is kept in a file. */
export function offlineDocumentText(): string {
  return `${JSON.stringify(offlineDocument(), null, 2)}\n`
}
