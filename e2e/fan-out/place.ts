import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type ErrandClient, isOver, type Task } from '@errand/client'
import { type Cluster, createCluster } from '../chaos/cluster.ts'
import { freePort, type Process, start } from '../chaos/processes.ts'

/** A server, workers that are started again when they end, and a PostgreSQL that may be shot. */
export interface Place extends AsyncDisposable {
  readonly client: ErrandClient
  readonly cluster: Cluster
  /** Workers that ended so far, killed or by what they did. */
  readonly ended: number
  /** kill -9 of the worker that has been there longest. Another has taken its place before: the crew stays as large as it is. */
  killWorker(): Promise<void>
  /** The task when it is over. The database may be away meanwhile. */
  over(id: string): Promise<Task>
  /** What is in the slot, as text. */
  read(task: Task, slot: string): Promise<string>
}

/** @param pack - what the workers serve */
export async function openPlace(pack: string, workers: number): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-fan-out-'))
  // PostgreSQL runs as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
  const logs = join(folder, 'logs')
  await mkdir(logs)
  const cluster = await createCluster(join(folder, 'postgres'), await freePort())
  await cluster.start()
  await cluster.query('CREATE DATABASE errand')
  const port = String(await freePort())
  const token = randomBytes(32).toString('base64url')
  const env = {
    ERRAND_DATA: join(folder, 'data'),
    ERRAND_TOKEN: token,
    ERRAND_STORAGES: JSON.stringify({ default: { scheme: 'fs', root: join(folder, 'storage') } }),
    ERRAND_LOG_LEVEL: 'warn',
    DATABASE_URL: `postgres://errand:errand@127.0.0.1:${cluster.port}/errand`,
  }
  const client = createClient({ server: `http://127.0.0.1:${port}`, token })
  const server = start({ args: ['server', '--port', port], env, cwd: folder, logs, name: 'server' })
  await server.ready
  let number = 0
  let ended = 0
  let closing = false
  const crew = new Set<Process>()
  const replaced = new Set<Process>()
  const hire = () => {
    const name = `worker-${++number}`
    const worker = start({ args: ['worker', pack, '--name', name, '--concurrency', '3'], env, cwd: folder, logs, name })
    crew.add(worker)
    void worker.ended.then(() => {
      crew.delete(worker)
      if (closing) return
      ended++
      if (!replaced.has(worker)) hire()
    })
    return worker.ready
  }
  await Promise.all(Array.from({ length: workers }, hire))
  return {
    client,
    cluster,
    get ended() {
      return ended
    },
    async killWorker() {
      const [victim] = crew
      if (victim === undefined) return
      replaced.add(victim)
      await hire()
      await victim.kill()
    },
    async over(id) {
      for await (const event of client.watchTask(id)) if (event.type === 'task' && isOver(event.task)) break
      return client.task(id)
    },
    async read(task, slot) {
      const artifact = task.artifacts.find((each) => each.slot === slot && each.state === 'available')
      if (artifact === undefined) throw new Error(`There is no file in the slot ${slot}.`)
      const { body } = await client.download(artifact)
      return new Response(body).text()
    },
    async [Symbol.asyncDispose]() {
      closing = true
      await Promise.all([server, ...crew].map((each) => each.kill()))
      await cluster.stopImmediate()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
