import { join } from 'node:path'
import { openObjectStore, type Store } from '@errand/engine'
import { type DefinitionShape, parseShape, type StoreConfig, TaskFailure } from '@errand/task'
import type { PackDescription } from './thread/messages.ts'

/** What a worker serves: which pack a definition is in, and that pack's stores. */
export class ServedPacks {
  readonly shapes: readonly DefinitionShape[]
  readonly #packOf = new Map<string, number>()
  readonly #stores: readonly Readonly<Record<string, Store>>[]

  /**
   * @throws {TaskFailure} `definition-invalid`; `definition-duplicate` when two packs have one name and version;
   *   `store-invalid` when a store cannot be opened as configured
   */
  constructor(packs: readonly PackDescription[], dataDir: string) {
    this.shapes = packs.flatMap((pack, index) =>
      pack.definitions.map((definition) => {
        const shape = parseShape(definition)
        const key = keyOf(shape.name, shape.version)
        const other = this.#packOf.get(key)
        if (other !== undefined) throw duplicate(shape, packs[other]?.name ?? '', pack.name)
        this.#packOf.set(key, index)
        return shape
      }),
    )
    this.#stores = packs.map((pack) => openStores(pack, dataDir))
  }

  /** The pack's place in the configuration, as its threads know it. */
  packOf(definition: string, version: number): number | undefined {
    return this.#packOf.get(keyOf(definition, version))
  }

  store(pack: number, name: string): Store {
    const stores = this.#stores[pack]
    const store = stores !== undefined && Object.hasOwn(stores, name) ? stores[name] : undefined
    if (store === undefined) throw new Error(`The pack has no store ${name}.`)
    return store
  }
}

function keyOf(name: string, version: number): string {
  return `${name}@${version}`
}

function openStores(pack: PackDescription, dataDir: string): Record<string, Store> {
  return Object.fromEntries(
    Object.entries(pack.stores).map(([name, given]) => {
      const config: StoreConfig = given ?? { scheme: 'fs', root: join(dataDir, 'stores', name) }
      try {
        return [name, openObjectStore(config)]
      } catch (error) {
        throw new TaskFailure({
          code: 'store-invalid',
          title: `The store "${name}" of the pack ${pack.name} cannot be opened`,
          detail: error instanceof Error ? error.message : String(error),
          hint: `Correct its scheme and options in the configuration, under packs, ${pack.name}.`,
          cause: error,
        })
      }
    }),
  )
}

function duplicate(shape: DefinitionShape, first: string, second: string): TaskFailure {
  return new TaskFailure({
    code: 'definition-duplicate',
    title: `${shape.name} v${shape.version} is defined twice`,
    detail: first === second ? `The pack ${first} has it twice.` : `Both ${first} and ${second} have it.`,
    hint: 'Give one of them another name or version, or leave one pack out.',
  })
}
