import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createClient, type ErrandClient } from '@errand/client'
import { freePort, type Process, start } from '../chaos/processes.ts'

/** A server and its workers, whose packs are changed one after the other. */
export class Site implements AsyncDisposable {
  readonly client: ErrandClient
  readonly #folder: string
  readonly #env: Record<string, string>
  readonly #server: Process
  readonly #workers: Process[] = []
  #started = 0

  private constructor(folder: string, env: Record<string, string>, client: ErrandClient, server: Process) {
    this.client = client
    this.#folder = folder
    this.#env = env
    this.#server = server
  }

  static async open(folder: string, databaseUrl: string): Promise<Site> {
    const token = randomBytes(32).toString('base64url')
    const env = {
      DATABASE_URL: databaseUrl,
      ERRAND_DATA: join(folder, 'shared'),
      ERRAND_TOKEN: token,
      ERRAND_LOG_LEVEL: 'warn',
    }
    const port = String(await freePort())
    const server = start({ args: ['server', '--port', port], env, cwd: folder, logs: folder, name: 'server' })
    await server.ready
    return new Site(folder, env, createClient({ server: `http://127.0.0.1:${port}`, token }), server)
  }

  /** The worker in this place is asked to stop; when it has handed back what it could not end, another one begins. */
  async roll(place: number, pack: string): Promise<void> {
    const before = this.#workers[place]
    if (before !== undefined) {
      before.signal('SIGTERM')
      const { signal } = await before.ended
      if (signal !== null) throw new Error(`A worker that was asked to stop was ended by ${signal}.`)
    }
    const worker = start({
      args: ['worker', pack, '--name', `w${place}`],
      env: this.#env,
      cwd: this.#folder,
      logs: this.#folder,
      name: `worker-${++this.#started}`,
    })
    this.#workers[place] = worker
    await worker.ready
  }

  /** Until nothing is open on the version. */
  async drained(name: string, version: number): Promise<void> {
    for (;;) {
      const one = await this.client.definition(name, { version })
      if (one.open === 0) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [...this.#workers, this.#server]) if (one.running) await one.kill()
  }
}
