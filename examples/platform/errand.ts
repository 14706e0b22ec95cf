import { createEngine, type Engine } from '@errand/engine'
import { createServer, type ErrandServer } from '@errand/server'
import { createWorker } from '@errand/worker'
import { pino } from 'pino'
import { whoAsks } from './people.ts'

/** Where Errand keeps things: the tables in the platform's own database, the files in a folder that all processes see. */
export interface Places {
  /** `postgres://…` */
  databaseUrl: string
  /** Or S3, Google Cloud, Azure, WebDAV: see `storages` in docs/operate.md. */
  filesFolder: string
}

/** Errand within a platform. */
export interface Errand {
  engine: Engine
  /** What the platform mounts. */
  server: ErrandServer
}

/** The record and the HTTP API over it. Nothing runs here yet: {@link startWorker} does that, in this process or another. */
export async function openErrand({ databaseUrl, filesFolder }: Places): Promise<Errand> {
  const logger = pino({ level: 'warn' })
  // Makes its own schemas, `errand` and `errand_dispatch`, beside the platform's tables, when it runs for the first time.
  const engine = await createEngine({
    database: { kind: 'postgres', url: databaseUrl },
    storages: { default: { scheme: 'fs', root: filesFolder } },
    logger,
  })
  const server = createServer({ engine, authenticate: whoAsks, logger })
  return { engine, server }
}

/** Runs the platform's tasks, each step in a thread of its own. A small platform does it in its own process. */
export async function startWorker(engine: Engine): Promise<{ stop(): Promise<void> }> {
  const worker = await createWorker({
    engine,
    packs: [{ use: new URL('./tasks/', import.meta.url) }],
    logger: pino({ level: 'warn' }),
  })
  await worker.start()
  return worker
}
