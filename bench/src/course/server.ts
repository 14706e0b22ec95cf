import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createClient, type ErrandClient, type Task } from '@errand/client'
import type { NodeOptions } from '../node-options.ts'

const ERRAND = fileURLToPath(new URL('../../../packages/cli/bin/errand.js', import.meta.url))
/** The pack that `serve` runs when none is named. */
export const COURSE_PACK = fileURLToPath(new URL('../../../packs/course', import.meta.url))

/** How a platform runs Errand: all in one process on the embedded database, or apart on PostgreSQL. */
export type Setup = ({ kind: 'serve' } | { kind: 'apart'; postgres: string }) & {
  /** Steps at once; without it, as many as it takes by itself. */
  concurrency?: string | undefined
  /** The pack that is served. Default: courses. */
  pack?: string | undefined
  /** Options of Node. Default: none. */
  nodeOptions?: NodeOptions
}

/** Real `errand` services in a folder of their own, with nothing else configured. */
export class Server implements AsyncDisposable {
  readonly client: ErrandClient
  /** The process that answers requests, and the one that runs the steps; the same where they are not apart. */
  readonly server: number
  readonly worker: number
  readonly #children: readonly ChildProcess[]
  readonly #data: string

  private constructor(children: readonly ChildProcess[], data: string, client: ErrandClient, pids: [number, number]) {
    this.#children = children
    this.#data = data
    this.client = client
    ;[this.server, this.worker] = pids
  }

  static async start(folder: string, setup: Setup = { kind: 'serve' }): Promise<Server> {
    const data = join(folder, 'data')
    const children: ChildProcess[] = []
    const start = async (...args: string[]) => {
      const child = startErrand([...args, '--data', data, '--json'], folder, setup)
      children.push(child)
      return ready(child)
    }
    let worker: { pid: number }
    let server: { pid: number } | undefined
    try {
      if (setup.kind === 'apart') server = await start('server', '--port', '0')
      const threads = setup.concurrency === undefined ? [] : ['--concurrency', setup.concurrency]
      worker =
        setup.kind === 'apart'
          ? await start('worker', setup.pack ?? COURSE_PACK, ...threads)
          : await start('serve', ...(setup.pack === undefined ? [] : [setup.pack]), '--port', '0', ...threads)
    } catch (error) {
      for (const child of children) child.kill('SIGKILL')
      throw error
    }
    const local: unknown = JSON.parse(await readFile(join(data, 'local.json'), 'utf8'))
    const { address, token } = local as { address: string; token: string }
    return new Server(children, data, createClient({ server: address, token }), [(server ?? worker).pid, worker.pid])
  }

  /** Starts a task and follows it to its end. */
  async run(definition: string, input: Record<string, unknown>, uploads: Record<string, string> = {}): Promise<Task> {
    const { id } = await this.client.submit({ definition, input, uploads })
    let task: Task | undefined
    for await (const event of this.client.watchTask(id)) if (event.type === 'task') task = event.task
    if (task?.state !== 'completed') throw new Error(`${definition}: ${JSON.stringify(task?.failure ?? task?.state)}`)
    return task
  }

  /** Empties the course store: an import of what is there already has less to write. */
  async forgetCourses(): Promise<void> {
    await rm(join(this.#data, 'stores'), { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null) continue
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    }
  }
}

function startErrand(args: readonly string[], cwd: string, setup: Setup) {
  // What is set for the one who measures must not decide what is measured.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(ERRAND_|DATABASE_URL$|NODE_OPTIONS$)/.test(name))
  const env = {
    ...Object.fromEntries(inherited),
    ...(setup.kind === 'apart' ? { DATABASE_URL: setup.postgres } : {}),
  }
  const profile = process.env.BENCH_PROFILE
  const [role] = args
  const own = role === 'server' || role === 'worker' ? setup.nodeOptions?.[role] : undefined
  const extra = [...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []), ...(own ?? [])]
  const options = [...extra, ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`])]
  return spawn(process.execPath, [...options, ERRAND, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Resolves when the service says that it is ready; with `--json` that is one line. */
async function ready(child: ChildProcess): Promise<{ pid: number }> {
  if (child.stdout !== null) {
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line)
  }
  throw new Error('errand did not start')
}
