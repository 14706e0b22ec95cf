import type { ObjectStore } from '@errand/task'
import type { z } from 'zod'
import { workPrefix } from '../store/object-keys.ts'

/**
 * Where an import lays aside what one step hands to the next, which may run on another machine. Each attempt
 * of a step writes under keys of its own, so that one that lost its claim can spoil nothing.
 */
export class WorkArea {
  readonly store: ObjectStore
  readonly #prefix: string
  readonly #attempt: number
  #temporary = 0

  constructor(context: { stores: Readonly<Record<string, ObjectStore>>; taskId: string; attempt: number }) {
    this.store = coursesOf(context)
    this.#prefix = workPrefix(context.taskId)
    this.#attempt = context.attempt
  }

  /** The key of something this attempt lays aside. */
  key(name: string): string {
    return `${this.#prefix}${name}.${this.#attempt}`
  }

  /** A key that is used once, for what is being written and gets its name at the end. */
  temporary(): string {
    return this.key(`temporary-${++this.#temporary}`)
  }

  async clear(): Promise<void> {
    for await (const { key } of this.store.list(this.#prefix)) await this.store.delete(key)
  }
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
