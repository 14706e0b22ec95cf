import { workerData } from 'node:worker_threads'
import { toFailure } from '@errand/task'
import { newReference } from '../reference.ts'
import { forwardConsole } from './console.ts'
import { watchForStrayErrors } from './current-step.ts'
import { giveWay } from './give-way.ts'
import { type LoadedPack, loadPack } from './load-packs.ts'
import type { Description, MoveAnswer, Order, ThreadSetup } from './messages.ts'
import { migrate } from './migrate.ts'
import { runStep } from './run-step.ts'

/**
 * A thread's first file. It loads the packs as soon as the thread starts, so that they are there when the
 * first step is. Nothing here may load OpenDAL: ending a thread that has would end the process.
 */

const setup: ThreadSetup = workerData

giveWay()
forwardConsole()
watchForStrayErrors()

const packs: Promise<LoadedPack[]> = Promise.all(setup.packs.map(loadPack))
// Whoever asks for the packs is told; until then a failure is no stray error.
packs.catch(() => undefined)

/** Does what the main thread asks. Rejects only for what is a bug of ours. */
export default async function work(order: Order): Promise<Description | MoveAnswer[] | undefined> {
  if (order.kind === 'describe') return describe()
  if (order.kind === 'migrate') return migrate(order, packs)
  await runStep(order, packs)
  return undefined
}

async function describe(): Promise<Description> {
  try {
    return {
      packs: (await packs).map(({ name, pack, stores }) => ({
        name,
        definitions: pack.definitions.map((definition) => definition.shape),
        stores,
      })),
    }
  } catch (error) {
    return { failure: toFailure(error, newReference()) }
  }
}
