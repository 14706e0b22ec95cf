import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a program to its end. @returns the milliseconds it took */
export async function runCommand(command: string, args: readonly string[], cwd?: string): Promise<number> {
  const begin = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...(cwd === undefined ? {} : { cwd }) })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`)
  return performance.now() - begin
}
