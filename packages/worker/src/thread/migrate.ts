import type { VersionMove } from '@errand/engine'
import { type MigratedTask, TaskFailure, toFailure } from '@errand/task'
import { MIGRATED_LIMIT } from '../config.ts'
import { toJsonText } from '../json-text.ts'
import { newReference } from '../reference.ts'
import type { LoadedPack } from './load-packs.ts'
import type { MoveAnswer, Order } from './messages.ts'
import { parseInput } from './parse-input.ts'

/** Makes tasks of older versions fit the newer one, one after the other. What goes wrong with one is its answer. */
export async function migrate(
  { moves, pack }: Order & { kind: 'migrate' },
  packs: Promise<LoadedPack[]>,
): Promise<MoveAnswer[]> {
  const loaded = (await packs)[pack]
  const answers: MoveAnswer[] = []
  for (const move of moves) {
    try {
      answers.push(await migrateOne(move, loaded))
    } catch (error) {
      answers.push({ failure: toFailure(error, newReference()) })
    }
  }
  return answers
}

async function migrateOne(move: VersionMove, loaded: LoadedPack | undefined): Promise<MigratedTask> {
  const definition = loaded?.pack.definitions.find(
    ({ shape }) => shape.name === move.definition && shape.version === move.to,
  )
  if (definition === undefined) throw new Error(`This worker does not serve ${move.definition} v${move.to}.`)
  const made = (await definition.migrate?.(move.input, move.results, { version: move.from })) ?? { input: move.input }
  if (typeof made !== 'object' || typeof made.input !== 'object' || made.input === null) {
    throw new TaskFailure({
      code: 'migrate-invalid',
      title: `The migrate function of ${move.definition} v${move.to} returned no input`,
      hint: 'It returns { input, results }, both of them objects.',
    })
  }
  const { input, results = move.results } = made
  // What the schema refines is only known here. What it transforms is done anew for each step, so the input goes as it is.
  await parseInput(definition, input)
  const name = 'What migrate made of the task'
  return JSON.parse(toJsonText({ input, results }, { code: 'migrate', name, limit: MIGRATED_LIMIT }))
}
