import type { ErrandClient } from '@errand/client'

/** One task that was promised. */
export interface Promised {
  id: string
  definition: string
  version: number
  phase: string
  /** When it was promised, in milliseconds since the start of the load. */
  at: number
}

/**
 * Starts tasks at a steady rate, each on the version whose form its user would see, until it is stopped. Those that are
 * due are counted by the clock: a load that waits for nobody is not slower where the service or the machine is.
 */
export class Load {
  /** What the next tasks are counted under. */
  phase: string
  readonly promised: Promised[] = []
  readonly #client: ErrandClient
  readonly #definitions: readonly string[]
  readonly #perSecond: number
  readonly #under = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #failed: unknown
  #number = 0
  #startedAt = 0

  constructor(client: ErrandClient, options: { definitions: readonly string[]; perSecond: number; phase: string }) {
    this.#client = client
    this.#definitions = options.definitions
    this.#perSecond = options.perSecond
    this.phase = options.phase
  }

  start(): void {
    this.#startedAt = performance.now()
    this.#timer = setInterval(() => {
      const due = (this.#elapsed() / 1_000) * this.#perSecond
      while (this.#number < due) this.#begin()
    }, 10)
  }

  /** Until so many more have been promised. */
  async more(count: number): Promise<void> {
    const until = this.promised.length + count
    while (this.promised.length < until) {
      if (this.#failed !== undefined) throw this.#failed
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** @throws the first refusal, if there was one */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#under)
    if (this.#failed !== undefined) throw this.#failed
  }

  #elapsed(): number {
    return performance.now() - this.#startedAt
  }

  #begin(): void {
    const one = this.#submit().catch((error: unknown) => {
      this.#failed ??= error
    })
    this.#under.add(one)
    void one.finally(() => this.#under.delete(one))
  }

  async #submit(): Promise<void> {
    const number = this.#number++
    const definition = this.#definitions[number % this.#definitions.length] ?? ''
    const { phase } = this
    const { shape, version } = await this.#client.definition(definition)
    const [field = ''] = Object.keys(shape.input.properties ?? {})
    const { id } = await this.#client.submit(
      { definition, version, input: { [field]: `course-${number}` } },
      { idempotencyKey: `${definition}-${number}` },
    )
    this.promised.push({ id, definition, version, phase, at: this.#elapsed() })
  }
}
