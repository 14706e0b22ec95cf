import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))
/** The folder of the tasks that run while faults are injected. */
export const PACK = fileURLToPath(new URL('./pack', import.meta.url))

/** How a process is started. */
export interface Launch {
  /** The command's words: `['worker', PACK]`. */
  args: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
  /** Where its output goes, one file a process. */
  logs: string
  name: string
  /** What it is started by: `['ip', 'netns', 'exec', 'far']`. */
  prefix?: readonly string[]
  /** Another installation of the command. */
  bin?: string
}

/** One `errand` process. */
export interface Process {
  readonly name: string
  readonly pid: number
  /** Resolves when it says that it is ready; rejects when it ends before. */
  readonly ready: Promise<void>
  /** Resolves when it has ended, with the moment and the signal that ended it. */
  readonly ended: Promise<{ at: number; signal: string | null }>
  readonly running: boolean
  signal(name: NodeJS.Signals): void
  /** kill -9. @returns the moment */
  kill(): Promise<number>
}

const open = new Set<ChildProcess>()
// Whatever ends the run must not leave services behind.
process.on('exit', () => {
  for (const child of open) child.kill('SIGKILL')
})

export function start({ args, env, cwd, logs, name, prefix = [], bin = BIN }: Launch): Process {
  const inherited = Object.entries(process.env).filter(([key]) => !/^(ERRAND_|DATABASE_URL$|FORCE_COLOR$)/.test(key))
  const words = [...prefix, process.execPath, bin, ...args]
  const child = spawn(words[0] ?? process.execPath, words.slice(1), {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  open.add(child)
  const log = createWriteStream(join(logs, `${name}.log`), { flags: 'a' })
  child.stderr.pipe(log, { end: false })
  let running = true
  const ended = once(child, 'close').then(([, signal]) => {
    running = false
    open.delete(child)
    log.end()
    return { at: Date.now(), signal: signal as string | null }
  })
  let said = ''
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      log.write(text)
      said += text
      if (said.includes('Ctrl-C stops it')) resolve()
    })
    ended.then(({ signal }) =>
      reject(new Error(`${name} ended (${signal ?? 'by itself'}) before it was ready: ${said}`)),
    )
  })
  // A process that is meant to die may do so before it is ready.
  ready.catch(() => undefined)
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    ended,
    get running() {
      return running
    },
    signal: (signal) => void child.kill(signal),
    async kill() {
      const at = Date.now()
      child.kill('SIGKILL')
      await ended
      return at
    },
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(address)))
    })
  })
}
