import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../bin/errand.js', import.meta.url))
/** The folder of the tasks the tests run. */
export const PACK = fileURLToPath(new URL('./pack', import.meta.url))

export interface Run {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd: string
  env?: Record<string, string>
  /** For standard input. */
  input?: string
}

/** The command as its user starts it, as a process of its own. */
export function spawnErrand(args: readonly string[], options: RunOptions): ChildProcess {
  // What whoever runs the tests has set must not decide how they end.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(ERRAND_|DATABASE_URL$|FORCE_COLOR$)/.test(name))
  const env = { ...Object.fromEntries(inherited), ...options.env }
  return spawn(process.execPath, [BIN, ...args], { cwd: options.cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** Runs the command to its end. */
export async function errand(args: readonly string[], options: RunOptions): Promise<Run> {
  const child = spawnErrand(args, options)
  const output = collect(child)
  child.stdin?.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...output }
}

/** What the process has written so far; grows. */
export function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return output
}

export interface Service {
  address: string
  output: { stdout: string; stderr: string }
  child: ChildProcess
  /** Asks it to end; resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts `serve`, `server` or `worker`, and resolves when it says that it is ready. */
export async function service(args: readonly string[], options: RunOptions): Promise<Service> {
  const child = spawnErrand(args, options)
  const output = collect(child)
  const closed = once(child, 'close') as Promise<[number | null]>
  await saidSo(child, output, /Ctrl-C stops it/)
  const [, address = ''] = /^Listening on (\S+)$/m.exec(output.stdout) ?? []
  return {
    address,
    output,
    child,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = await closed
      return code
    },
  }
}

/** Resolves once the process has written what matches; rejects, with what it wrote, when it ends before. */
export function saidSo(
  child: ChildProcess,
  output: { stdout: string; stderr: string },
  pattern: RegExp,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (pattern.test(output.stdout + output.stderr)) resolve()
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.on('close', (code) => reject(new Error(`It ended with ${code}: ${output.stdout}${output.stderr}`)))
    look()
  })
}
