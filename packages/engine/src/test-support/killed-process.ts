import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A process of the tests that is killed and started again. */
export class KilledProcess {
  readonly #script: string
  readonly #onLine: (words: string[]) => void
  #child: ChildProcess | undefined

  /** @param script - of this folder; @param onLine - told the words of each line that it prints */
  constructor(script: string, onLine: (words: string[]) => void = () => undefined) {
    this.#script = join(import.meta.dirname, script)
    this.#onLine = onLine
  }

  start(...args: string[]): void {
    const child = spawn(process.execPath, [this.#script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    if (child.stdout === null) throw new Error('The process has no output.')
    createInterface({ input: child.stdout }).on('line', (line) => this.#onLine(line.split(' ')))
  }

  /** As by a power cut. What it had printed has been told when this resolves. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  }
}
