import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, type ErrandClient } from '@errand/client'
import { type Cluster, createCluster, until } from './cluster.ts'
import type { Loss } from './history.ts'
import { Load } from './load.ts'
import { freePort, PACK, type Process, start } from './processes.ts'
import { openRelay, type Relay } from './relay.ts'
import type { Tally } from './tally.ts'
import { openVolume, type Volume } from './volume.ts'

/** Tasks that are open at any moment: enough that every fault meets steps in hand. */
const OPEN_TASKS = 6
/** Milliseconds between a server's end and its next start, as a service manager would wait. */
const RESTART_MS = 100

/** How a worker differs from the usual. */
export interface WorkerLaunch {
  /** What to do at a debug point: `after-claim:kill`. */
  points?: string
  /** The database as this worker reaches it. */
  url?: string
  env?: Record<string, string>
  prefix?: readonly string[]
}

/** A platform in small, made to be broken: a PostgreSQL, a server, some workers, and users who start tasks. */
export interface Site {
  readonly client: ErrandClient
  readonly load: Load
  readonly tally: Tally
  readonly volume: Volume
  readonly folder: string
  readonly ledger: string
  /** The address of the database that never changes. */
  readonly floating: Relay
  /** The database behind it; a fault may put another in its place. */
  cluster: Cluster
  readonly losses: Loss[]
  readonly heals: { kind: string; at: number }[]
  readonly workers: Process[]
  url(port: number): string
  worker(launch?: WorkerLaunch): Process
  /** A worker is gone: counted as one fault, and its steps' recovery is looked at in the end. */
  lost(kind: string, worker: Process, at: number): void
  /** Kills the server; the next one is started at once. @returns seconds until it answers again */
  killServer(points?: string): Promise<number>
  /** The usual server instead of one with debug points. */
  server(points?: string): Promise<void>
  /** Sees to it that `count` ordinary workers run. */
  staff(count: number): Promise<void>
  close(): Promise<void>
}

export async function openSite(folder: string, tally: Tally): Promise<Site> {
  const [ledger, logs, data] = ['ledger', 'logs', 'data'].map((name) => join(folder, name)) as [string, string, string]
  for (const each of [ledger, logs, data]) await mkdir(each)
  const volume = await openVolume(folder)
  const cluster = await createCluster(join(folder, 'postgres-1'))
  await cluster.start()
  await cluster.query('CREATE DATABASE errand')
  const floating = await openRelay({ host: '127.0.0.1', port: cluster.port })
  const url = (port: number) => `postgres://errand:errand@127.0.0.1:${port}/errand`
  const port = await freePort()
  const token = randomBytes(32).toString('base64url')
  const client = createClient({ server: `http://127.0.0.1:${port}`, token })
  const common = {
    ERRAND_DATA: data,
    ERRAND_TOKEN: token,
    ERRAND_STORAGES: JSON.stringify({ default: { scheme: 'fs', root: volume.root } }),
    ERRAND_LOG_LEVEL: 'warn',
  }
  let number = 0
  const launchServer = (points = '') =>
    start({
      args: ['server', '--port', String(port)],
      env: { ...common, DATABASE_URL: url(floating.port), ...(points === '' ? {} : { ERRAND_DEBUG_POINTS: points }) },
      cwd: folder,
      logs,
      name: `server-${++number}`,
    })
  let server = launchServer()
  let closing = false
  const watchServer = (one: Process) => {
    void one.ended.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS))
      if (closing || server !== one) return
      server = launchServer()
      watchServer(server)
    })
  }
  watchServer(server)
  await server.ready
  const answers = async () =>
    (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok

  const site: Site = {
    client,
    load: new Load(client, { ledger }),
    tally,
    volume,
    folder,
    ledger,
    floating,
    cluster,
    losses: [],
    heals: [],
    workers: [],
    url,
    worker({ points, url: own, env = {}, prefix } = {}) {
      const name = `worker-${++number}`
      return start({
        args: ['worker', PACK, '--name', name, '--concurrency', '3'],
        env: {
          ...common,
          DATABASE_URL: own ?? url(floating.port),
          ...(points === undefined ? {} : { ERRAND_DEBUG_POINTS: points }),
          ...env,
        },
        cwd: folder,
        logs,
        name,
        ...(prefix === undefined ? {} : { prefix }),
      })
    },
    lost(kind, worker, at) {
      tally.row(kind).injected++
      site.losses.push({ kind, worker: worker.name, at })
    },
    async killServer(points) {
      const at = await server.kill()
      if (points !== undefined) await site.server(points)
      await until(answers, 120, 'the server')
      return (Date.now() - at) / 1_000
    },
    async server(points) {
      const former = server
      server = launchServer(points)
      watchServer(server)
      await former.kill()
      await server.ready.catch(() => undefined)
    },
    async staff(count) {
      const alive = site.workers.filter((worker) => worker.running)
      while (alive.length > count) await alive.pop()?.kill()
      while (alive.length < count) alive.push(site.worker())
      site.workers.splice(0, site.workers.length, ...alive)
      await Promise.all(alive.map((worker) => worker.ready))
    },
    async close() {
      closing = true
      await Promise.all([server, ...site.workers].map((each) => each.kill()))
      floating.close()
      await site.cluster.stopImmediate()
      await volume.remove()
    },
  }
  await site.staff(2)
  site.load.kind = 'nothing broken yet'
  site.load.start(OPEN_TASKS)
  return site
}
