import type { z } from 'zod'
import { isDefinition, type TaskDefinition } from './define-task.ts'
import { TaskFailure } from './failure.ts'
import type { StoreConfig } from './object-store.ts'

const BRAND = Symbol.for('errand.pack')

/** What a pack says about itself when it has options or stores of its own. */
export interface PackOptions<Schema extends z.ZodType> {
  name: string
  definitions: readonly TaskDefinition[]
  /** Checks the `options` that the platform's configuration gives this pack. */
  options?: Schema
  /**
   * Object stores the pack needs, by name; a handler finds them in `stores`. `undefined` means: wherever
   * the platform keeps its data.
   */
  stores?: (options: z.output<Schema>) => Record<string, StoreConfig | undefined>
}

/** A package of definitions, as a worker loads it. */
export interface Pack {
  readonly [BRAND]: true
  readonly name: string
  readonly definitions: readonly TaskDefinition[]
  /** @throws {TaskFailure} `pack-options-invalid` */
  configure(options: unknown): { options: unknown; stores: Record<string, StoreConfig | undefined> }
}

/**
 * A pack with options or stores of its own, as the default export of its package. A pack that needs
 * neither just exports its definitions.
 *
 * @example
 * ```ts
 * export default definePack({
 *   name: '@errand/course',
 *   definitions: [courseImport, courseExport],
 *   options: z.object({ store: storeConfig.optional() }),
 *   stores: ({ store }) => ({ courses: store }),
 * })
 * ```
 */
export function definePack<Schema extends z.ZodType>(pack: PackOptions<Schema>): Pack {
  return {
    [BRAND]: true,
    name: pack.name,
    definitions: pack.definitions,
    configure(given) {
      const parsed = pack.options?.safeParse(given ?? {})
      if (parsed && !parsed.success) {
        const issue = parsed.error.issues[0]
        throw new TaskFailure({
          code: 'pack-options-invalid',
          title: `The options of the pack ${pack.name} are not valid`,
          detail: `${issue?.path.join('.') || 'options'}: ${issue?.message ?? 'not valid'}`,
          hint: `Correct them in the configuration, under packs, ${pack.name}.`,
        })
      }
      const options = parsed?.data as z.output<Schema>
      return { options, stores: pack.stores?.(options) ?? {} }
    },
  }
}

/**
 * The pack a module is: its default export made by {@link definePack}, or all the definitions it exports.
 *
 * @throws {TaskFailure} `pack-empty` when the module exports no definition
 */
export function packOf(name: string, module: Readonly<Record<string, unknown>>): Pack {
  const { default: main } = module
  if (typeof main === 'object' && main !== null && BRAND in main) return main as Pack
  const definitions = [...new Set(Object.values(module).filter(isDefinition))]
  if (definitions.length === 0) {
    throw new TaskFailure({
      code: 'pack-empty',
      title: `${name} exports no task definition`,
      hint: 'Export what defineTask(…) returned, or a pack made with definePack(…).',
    })
  }
  return definePack({ name, definitions })
}
