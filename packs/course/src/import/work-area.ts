import { randomUUID } from 'node:crypto'
import { isTaskFailure, type ObjectStore } from '@errand/task'
import { z } from 'zod'
import { workPrefix } from '../store/object-keys.ts'

/** What is laid aside of why a task cannot go on. */
const refusalSchema = z.object({ code: z.string(), title: z.string(), detail: z.string(), hint: z.string().optional() })

/** Why an archive is refused. */
export type Refusal = z.infer<typeof refusalSchema>

/**
 * Where an import lays aside what one step hands to the next, which may run on another machine. Each run of a step
 * writes under keys of its own, so that one that lost its claim can spoil nothing. The number of the attempt would not
 * do: it is the same for whoever takes the place of a worker that was lost, which may still be at it.
 */
export class WorkArea {
  readonly store: ObjectStore
  readonly #prefix: string
  readonly #run = randomUUID()
  #temporary = 0

  constructor(context: { stores: Readonly<Record<string, ObjectStore>>; taskId: string }) {
    this.store = coursesOf(context)
    this.#prefix = workPrefix(context.taskId)
  }

  /** The key of something this run lays aside. */
  key(name: string): string {
    return `${this.#prefix}${name}.${this.#run}`
  }

  /** A key that is used once, for what is being written and gets its name at the end. */
  temporary(): string {
    return this.key(`temporary-${++this.#temporary}`)
  }

  /** Does what may refuse the archive. Why it did is laid aside, for the clean-up to report: a step that fails leaves no files. */
  async guarded<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action()
    } catch (error) {
      // What may go well the next time is no word on the archive, and would still lie here then.
      if (isTaskFailure(error) && !error.retryable) {
        const { code, detail, hint, title } = error
        const refusal: Refusal = { code, title, detail, ...(hint === undefined ? {} : { hint }) }
        // The failure itself is what counts, and is with the task in any case.
        await this.store.put(this.#refusal, JSON.stringify(refusal)).catch(() => undefined)
      }
      throw error
    }
  }

  /** Why the archive was refused, if it was. */
  async refusal(): Promise<Refusal | undefined> {
    const bytes = await this.store.get(this.#refusal)
    return bytes && refusalSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  }

  get #refusal(): string {
    return `${this.#prefix}refusal`
  }

  async clear(): Promise<void> {
    for await (const { key } of this.store.list(this.#prefix)) await this.store.delete(key)
  }
}

/**
 * Clears up after what the task is for has happened. That this fails, as where the storage lets nothing be deleted, must
 * not make it look as if that had not: a sweep removes what is left.
 */
export async function clearAfter(work: WorkArea, log: (message: string) => void): Promise<void> {
  await work
    .clear()
    .catch(() => log('What was laid aside could not be removed; a clean-up of the course store does it.'))
}

/** The pack's store of courses. */
export function coursesOf(context: { stores: Readonly<Record<string, ObjectStore>> }): ObjectStore {
  const { courses } = context.stores
  if (!courses) throw new Error('The worker gave this pack no store named "courses".')
  return courses
}

/** Reads what an earlier step laid aside as JSON. */
export async function readWork<Schema extends z.ZodType>(
  store: ObjectStore,
  key: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const bytes = await store.get(key)
  if (!bytes) throw new Error(`${key}, which an earlier step wrote, is not in the store.`)
  return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}
