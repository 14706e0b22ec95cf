import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort, startPostgres } from './postgres.ts'
import { runCommand } from './run-command.ts'

/** Where the services are that a system needs. */
export interface Services {
  /** A database of the system's own on the PostgreSQL that all share. */
  postgres: string
  redis: { host: string; port: number }
  /** A folder for files. */
  folder: string
}

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
  await chmod(folder, 0o755)
  const stop: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const postgres = await startPostgres(folder)
  stop.unshift(() => postgres.stop())
  const redis = wantRedis ? await startRedis(folder, stop) : undefined
  return {
    redis,
    pids: [postgres.pid, ...(redis === undefined ? [] : [redis.pid])],
    async forSystem(name) {
      const database = `bench_${name.toLowerCase().replace(/\W/g, '_')}`
      const files = join(folder, database)
      await mkdir(files)
      return {
        postgres: await postgres.createDatabase(database),
        redis: redis ?? { host: '127.0.0.1', port: 0 },
        folder: files,
      }
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
  if (!(await has('redis-server'))) {
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
