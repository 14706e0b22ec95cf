/**
 * What was opened and has to be closed, in the opposite order; each even if one before it failed.
 *
 * @example
 * ```ts
 * const closing = new Closing()
 * try {
 *   const engine = await createEngine(config)
 *   closing.add(() => engine.close())
 * } finally {
 *   await closing.run()
 * }
 * ```
 */
export class Closing {
  readonly #actions: (() => unknown)[] = []

  add(action: () => unknown): void {
    this.#actions.push(action)
  }

  /** @throws the first error, after everything was tried */
  async run(): Promise<void> {
    const errors: unknown[] = []
    for (const action of this.#actions.splice(0).reverse()) {
      try {
        await action()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
