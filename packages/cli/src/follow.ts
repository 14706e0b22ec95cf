import { setTimeout as delay } from 'node:timers/promises'
import { ApiProblem, isOver, ServerUnreachable, type Task } from '@errand/client'
import { CliError } from './cli-error.ts'
import { defaults } from './config/defaults.ts'
import type { Connection } from './connect.ts'
import type { TaskDisplay } from './display/display.ts'
import { liveDisplay } from './display/live.ts'
import { plainDisplay } from './display/plain.ts'
import { exitCode } from './exit-codes.ts'
import type { Output } from './output.ts'

/** Milliseconds before a lost server is tried again, first and at most. */
const RETRY = { first: 250, longest: 5_000 } as const

/** Where the user pressed Ctrl-C: the task goes on without a watcher. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/**
 * Shows a task until it is over, also across restarts of its server.
 *
 * @returns the task as it ended
 * @throws {Interrupted} on Ctrl-C
 */
export async function follow(connection: Connection, id: string, output: Output, quiet: boolean): Promise<Task> {
  const display = output.terminal
    ? liveDisplay(output.terminal, output.paint)
    : plainDisplay(quiet ? () => {} : output.print, output.paint)
  const controller = new AbortController()
  const interrupt = () => controller.abort(new Interrupted())
  process.once('SIGINT', interrupt)
  try {
    return await untilOver(connection, id, display, controller.signal)
  } catch (error) {
    controller.signal.throwIfAborted()
    throw error
  } finally {
    display.close()
    process.off('SIGINT', interrupt)
  }
}

async function untilOver(connection: Connection, id: string, display: TaskDisplay, signal: AbortSignal): Promise<Task> {
  let lostAt: number | undefined
  let wait: number = RETRY.first
  // What was told before a connection broke is not told again.
  let lastLog = 0
  let after = 0
  for (;;) {
    try {
      // No patience of its own: a local server comes back under another address, which only the folder tells.
      for await (const event of connection.client.watchTask(id, { signal, after, patience: 0 })) {
        if (lostAt !== undefined) display.connection('restored')
        lostAt = undefined
        wait = RETRY.first
        if (event.type === 'transition') after = event.transition.sequence
        if (event.type === 'log' && event.line.id > lastLog) {
          lastLog = event.line.id
          display.log(event.line.step, event.line.message)
        }
        if (event.type !== 'task') continue
        display.update(event.task)
        if (isOver(event.task)) return event.task
      }
      signal.throwIfAborted()
      const task = await connection.client.task(id)
      if (isOver(task)) return task
    } catch (error) {
      signal.throwIfAborted()
      if (!mayComeBack(error)) throw error
      if (lostAt === undefined) display.connection('lost')
      lostAt ??= Date.now()
      if (Date.now() - lostAt > defaults.reconnectFor * 1_000) throw error
    }
    await delay(wait, undefined, { signal })
    wait = Math.min(wait * 2, RETRY.longest)
    await connection.refresh().catch(() => {})
  }
}

/** A server that restarts is away, says 502 to 504 by its proxy, or has a new token until the folder is read again. */
function mayComeBack(error: unknown): boolean {
  if (error instanceof ServerUnreachable) return true
  if (error instanceof CliError) return error.exit === exitCode.unavailable
  return error instanceof ApiProblem && (error.status === 401 || (error.status >= 502 && error.status <= 504))
}

/** The exit code that a task's end stands for. */
export function exitOf(task: Pick<Task, 'state'>): number {
  if (task.state === 'failed') return exitCode.failed
  return task.state === 'canceled' ? exitCode.canceled : exitCode.ok
}
