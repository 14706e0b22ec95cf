import type { VersionMove } from '@errand/engine'
import { toFailure } from '@errand/task'
import { MIGRATE_MS, MOVES_AT_ONCE, POLL_MS } from './config.ts'
import { newReference } from './reference.ts'
import type { StepEnvironment } from './step-environment.ts'
import type { MoveAnswer } from './thread/messages.ts'

/**
 * Takes over what older versions have left, for definitions that resume them: now and then it asks for such tasks, has the
 * pack's code make them fit in a thread, and gives them back as its own.
 */
export class MoveLoop {
  readonly #workerId: string
  readonly #environment: StepEnvironment
  #timer: NodeJS.Timeout | undefined
  #moving: Promise<void> | undefined
  #stopped = true

  constructor(workerId: string, environment: StepEnvironment) {
    this.#workerId = workerId
    this.#environment = environment
  }

  start(): void {
    if (!this.#environment.packs.shapes.some(({ resumes }) => resumes !== undefined)) return
    this.#stopped = false
    this.#timer = setInterval(() => this.#look(), POLL_MS)
    this.#look()
  }

  /** Ends what it has in hand, and takes nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#moving
  }

  #look(): void {
    this.#moving ??= this.#moveAll()
      // The leases run out, and the next look, here or elsewhere, finds the tasks again.
      .catch((error: unknown) => this.#environment.logger.warn({ err: error }, 'tasks could not be taken over'))
      .finally(() => {
        this.#moving = undefined
      })
  }

  async #moveAll(): Promise<void> {
    const { work } = this.#environment
    for (;;) {
      if (this.#stopped) return
      const moves = await work.claimMoves(this.#workerId, MOVES_AT_ONCE)
      for (const group of Map.groupBy(moves, ({ definition, to }) => `${definition}@${to}`).values()) {
        await this.#move(group)
      }
      if (moves.length < MOVES_AT_ONCE) return
    }
  }

  async #move(moves: VersionMove[]): Promise<void> {
    const { logger, work } = this.#environment
    const answers = await this.#migrate(moves)
    for (const [index, move] of moves.entries()) {
      const answer = answers[index]
      if (answer === undefined) continue
      const outcome = await work.finishMove(this.#workerId, move, answer)
      const { taskId, definition, from, to } = move
      if (outcome === 'moved')
        logger.info({ taskId, definition, from, to }, 'a task of an older version was taken over')
      if (outcome !== 'refused') continue
      const stack = 'failure' in answer ? answer.failure.stack : undefined
      logger.warn({ taskId, definition, from, to, stack }, 'a task of an older version could not be taken over')
    }
  }

  /** One task that ends the thread must not keep the others from going on: then each has a thread to itself. */
  async #migrate(moves: VersionMove[]): Promise<MoveAnswer[]> {
    const { packs, threads } = this.#environment
    const [first] = moves
    const pack = first && packs.packOf(first.definition, first.to)
    if (pack === undefined) return []
    const timeout = AbortSignal.timeout(MIGRATE_MS)
    try {
      return await threads.migrate({ moves, pack }, timeout)
    } catch (error) {
      // Every thread may be busy with long steps: that says nothing about the tasks, which are looked at again later.
      if (timeout.aborted) throw error
      if (moves.length === 1) return [{ failure: toFailure(error, newReference()) }]
      const answers: MoveAnswer[] = []
      for (const move of moves) answers.push(...(await this.#migrate([move])))
      return answers
    }
  }
}
