import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** What a service says when it is ready. */
const READY = 'Ctrl-C stops it'

/** A terminal of somebody who types one line after the other: a line may change the folder for those after it. */
export class Terminal {
  #cwd: string
  readonly #env: Readonly<Record<string, string>>
  #service: ChildProcess | undefined

  constructor(cwd: string, env: Readonly<Record<string, string>>) {
    this.#cwd = cwd
    this.#env = env
  }

  get cwd(): string {
    return this.#cwd
  }

  /**
   * Types a line, after Ctrl-C where something goes on.
   *
   * @returns what it printed
   * @throws {Error} with that, when it failed
   */
  async type(line: string): Promise<string> {
    await this.interrupt()
    // The folder comes back by a descriptor of its own, beside what the line prints.
    const child = this.#spawn(`${line}\ncode=$?; pwd >&3; exit $code`)
    const [output, place] = [collect(child, 1, 2), collect(child, 3)]
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`${line}\nended with ${code}: ${output.text}`)
    this.#cwd = place.text.trim()
    return output.text
  }

  /** Types what goes on until Ctrl-C. Resolves when it is ready. */
  async serve(line: string): Promise<void> {
    await this.interrupt()
    const child = this.#spawn(line)
    this.#service = child
    const output = collect(child, 1, 2)
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', () => output.text.includes(READY) && resolve())
      child.on('close', (code) => reject(new Error(`${line}\nended with ${code}: ${output.text}`)))
    })
  }

  /** Ctrl-C: a terminal sends it to everything that the line has started. */
  async interrupt(): Promise<void> {
    const child = this.#service
    this.#service = undefined
    if (child?.pid === undefined || child.exitCode !== null) return
    const closed = once(child, 'close')
    process.kill(-child.pid, 'SIGINT')
    await closed
  }

  #spawn(script: string): ChildProcess {
    return spawn('bash', ['-c', script], {
      cwd: this.#cwd,
      env: { ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
  }
}

/** What comes by these descriptors; grows. */
function collect(child: ChildProcess, ...descriptors: number[]): { text: string } {
  const output = { text: '' }
  for (const descriptor of descriptors) {
    child.stdio[descriptor]?.on('data', (part: Buffer) => {
      output.text += part.toString('utf8')
    })
  }
  return output
}
