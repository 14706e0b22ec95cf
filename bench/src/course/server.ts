import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createClient, type ErrandClient, type Task } from '@errand/client'

const ERRAND = fileURLToPath(new URL('../../../packages/cli/bin/errand.js', import.meta.url))

/** A real `errand serve` in a folder of its own, with nothing configured. */
export class Server implements AsyncDisposable {
  readonly client: ErrandClient
  readonly pid: number
  readonly #child: ChildProcess
  readonly #data: string

  private constructor(child: ChildProcess, data: string, client: ErrandClient, pid: number) {
    this.#child = child
    this.#data = data
    this.client = client
    this.pid = pid
  }

  static async start(folder: string): Promise<Server> {
    const data = join(folder, 'data')
    // What is set for the one who measures must not decide what is measured.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(ERRAND_|DATABASE_URL$|NODE_OPTIONS$)/.test(name)),
    )
    const extra = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? []
    const child = spawn(process.execPath, [...extra, ERRAND, 'serve', '--port', '0', '--data', data, '--json'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const _ready of createInterface({ input: child.stdout })) {
      const local: unknown = JSON.parse(await readFile(join(data, 'local.json'), 'utf8'))
      const { address, token, pid } = local as { address: string; token: string; pid: number }
      return new Server(child, data, createClient({ server: address, token }), pid)
    }
    throw new Error('errand serve did not start')
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
    if (this.#child.exitCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await gone
  }
}
