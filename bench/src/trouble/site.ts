import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Server } from '../course/server.ts'
import { startPostgres } from '../postgres.ts'

const pack = fileURLToPath(new URL('./pack.ts', import.meta.url))

/** Runs `measure` against a server with the pack of trouble, set up in the two ways that platforms use. */
export async function onEachSetup(
  concurrency: number,
  measure: (server: Server, setup: string) => Promise<void>,
  setups: readonly ('serve' | 'apart')[] = ['serve', 'apart'],
): Promise<void> {
  for (const setup of setups) {
    const folder = await mkdtemp(join(tmpdir(), 'errand-bench-'))
    // PostgreSQL may run as an account of its own, which must be able to enter.
    await chmod(folder, 0o755)
    const postgres = setup === 'apart' ? await startPostgres(join(folder, 'database')) : undefined
    try {
      const common = { concurrency: String(concurrency), pack }
      await using server = await Server.start(
        folder,
        postgres === undefined
          ? { kind: 'serve', ...common }
          : { kind: 'apart', postgres: await postgres.createDatabase('errand'), ...common },
      )
      await measure(server, postgres === undefined ? 'serve, PGlite' : 'server + worker, PostgreSQL')
    } finally {
      await postgres?.stop()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Starts a task and waits until its handler says that it runs. @returns its id */
export async function startRunning({ client }: Server, definition: string): Promise<string> {
  const { id } = await client.submit({ definition, input: {} })
  for await (const event of client.watchTask(id)) if (event.type === 'log') return id
  throw new Error(`${definition} ended before it ran`)
}
