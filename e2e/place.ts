import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, type ErrandClient, isOver, type Task } from '@errand/client'
import { expect } from 'vitest'
import { freePort, type Process, start } from './chaos/processes.ts'

/** Where a server is or will be, and how its processes are started; all of them end with {@link Place.close}. */
export interface Place {
  readonly client: ErrandClient
  readonly port: string
  launch(args: readonly string[], env?: Readonly<Record<string, string>>): Process
  close(): Promise<void>
}

/** @param folder - where the processes run, and where what they say is kept */
export async function openPlace(
  folder: string,
  name: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Place> {
  const port = String(await freePort())
  const token = randomBytes(32).toString('base64url')
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const open: Process[] = []
  return {
    port,
    client: createClient({ server: `http://127.0.0.1:${port}`, token }),
    launch(args, more = {}) {
      const one = start({
        args,
        env: { ERRAND_TOKEN: token, ERRAND_LOG_LEVEL: 'error', ...Object.fromEntries(given), ...more },
        cwd: folder,
        logs: folder,
        name: `${name}-${open.length + 1}`,
      })
      open.push(one)
      return one
    },
    async close() {
      for (const one of open) await one.kill()
    },
  }
}

/** Resolves when the process was killed; one that ended otherwise says why. */
export async function expectKilled(folder: string, one: Process): Promise<void> {
  const { signal } = await one.ended
  const said = signal === 'SIGKILL' ? '' : await readFile(join(folder, `${one.name}.log`), 'utf8')
  expect(signal, `${one.name} was not killed, it said: ${said.slice(-2_000)}`).toBe('SIGKILL')
}

/** The task, once it is over. */
export async function over(client: ErrandClient, id: string): Promise<Task> {
  for await (const event of client.watchTask(id)) if (event.type === 'task' && isOver(event.task)) break
  return client.task(id)
}
