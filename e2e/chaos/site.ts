import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, type ErrandClient } from '@errand/client'
import { type Cluster, createCluster } from './cluster.ts'
import type { Loss } from './history.ts'
import { Load } from './load.ts'
import { freePort, PACK, type Process, start } from './processes.ts'
import type { Tally } from './tally.ts'
import { openVolume, type Volume } from './volume.ts'
import { until, within } from './wait.ts'

/** Tasks that are open at any moment: enough that every fault meets steps in hand. */
const OPEN_TASKS = 6
/** Milliseconds between a server's end and its next start, as a service manager would wait. */
const RESTART_MS = 100

/** Seconds within which a process must come to the point it is to die at: many times what it takes, on a busy machine. */
export const POINT_SECONDS = 300

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
  /** The database as it is now; a fault may put another in its place, on the other of the two ports. */
  cluster: Cluster
  readonly ports: readonly [number, number]
  readonly losses: Loss[]
  readonly heals: { kind: string; at: number }[]
  readonly workers: Process[]
  /** The database at one address, or at whichever of several accepts writes. */
  url(...addresses: readonly string[]): string
  worker(launch?: WorkerLaunch): Process
  /** A worker is gone: counted as one fault, and its steps' recovery is looked at in the end. */
  lost(kind: string, worker: Process, at: number): void
  /** Kills the server; the next one is started at once. @returns seconds until it answers again */
  killServer(): Promise<number>
  /** Puts a server in its place that dies at a debug point. @returns the moment it did; the next one is started at once */
  serverDiesAt(points: string): Promise<number>
  /** Resolves when the server answers. */
  answers(): Promise<void>
  /** Resolves when the worker has a step in hand: what is done to one that has none shows little. */
  busy(worker: Process): Promise<void>
  /** Sees to it that `count` ordinary workers run. */
  staff(count: number): Promise<void>
  close(): Promise<void>
}

export async function openSite(folder: string, tally: Tally): Promise<Site> {
  const [ledger, logs, data] = ['ledger', 'logs', 'data'].map((name) => join(folder, name)) as [string, string, string]
  for (const each of [ledger, logs, data]) await mkdir(each)
  const volume = await openVolume(folder)
  const ports: [number, number] = [await freePort(), await freePort()]
  const cluster = await createCluster(join(folder, 'postgres-1'), ports[0])
  await cluster.start()
  await cluster.query('CREATE DATABASE errand')
  const url = (...addresses: readonly string[]) => `postgres://errand:errand@${addresses.join(',')}/errand`
  const database = url(...ports.map((each) => `127.0.0.1:${each}`))
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
  /** Whatever is taken away from it, a process ends when it is killed and not before. */
  const watched = (one: Process): Process => {
    void one.ended.then(async ({ signal }) => {
      if (signal === 'SIGKILL') return
      const [last] = (await readFile(join(logs, `${one.name}.log`), 'utf8').catch(() => ''))
        .trim()
        .split('\n')
        .slice(-1)
      tally.wrong.push(`${one.name} ended by itself (${signal ?? 'no signal'}): ${last?.slice(0, 500)}`)
    })
    return one
  }
  const launchServer = (points = '') =>
    watched(
      start({
        args: ['server', '--port', String(port)],
        env: { ...common, DATABASE_URL: database, ...(points === '' ? {} : { ERRAND_DEBUG_POINTS: points }) },
        cwd: folder,
        logs,
        name: `server-${++number}`,
      }),
    )
  let server = launchServer()
  let closing = false
  let serverKills: Promise<unknown> = Promise.resolve()
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
    cluster,
    ports,
    losses: [],
    heals: [],
    workers: [],
    url,
    worker({ points, url: own, env = {}, prefix } = {}) {
      const name = `worker-${++number}`
      return watched(
        start({
          args: ['worker', PACK, '--name', name, '--concurrency', '3'],
          env: {
            ...common,
            DATABASE_URL: own ?? database,
            ...(points === undefined ? {} : { ERRAND_DEBUG_POINTS: points }),
            ...env,
          },
          cwd: folder,
          logs,
          name,
          ...(prefix === undefined ? {} : { prefix }),
        }),
      )
    },
    lost(kind, worker, at) {
      tally.row(kind).injected++
      site.losses.push({ kind, worker: worker.name, at })
    },
    killServer() {
      // One after the other: who kills it again before it answers would count its start twice.
      const seconds = serverKills.then(async () => {
        const at = await server.kill()
        await site.answers()
        return (Date.now() - at) / 1_000
      })
      serverKills = seconds.catch(() => undefined)
      return seconds
    },
    async serverDiesAt(points) {
      const former = server
      const doomed = launchServer(points)
      server = doomed
      watchServer(doomed)
      await former.kill()
      const { at, signal } = await within(doomed.ended, POINT_SECONDS, `the server to reach ${points}`)
      if (signal !== 'SIGKILL') throw new Error(`the server ended with ${signal}, not at ${points}`)
      return at
    },
    answers: () => until(answers, 120, 'the server'),
    busy: ({ name }) =>
      until(
        async () => (await client.workers()).some((one) => one.name === name && one.running > 0),
        POINT_SECONDS,
        `a step in the hands of ${name}`,
      ),
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
      await site.cluster.stopImmediate()
      await volume.remove()
    },
  }
  await site.staff(2)
  site.load.kinds = ['nothing broken yet']
  site.load.start(OPEN_TASKS)
  return site
}
