import type { DefinitionShape } from '@errand/task'
import { Problem } from '../problem.ts'
import { compareShapes } from './compare-shapes.ts'

/** A version that is registered cannot be another thing: what differs, and how to go on. */
export function definitionConflict(shape: DefinitionShape, known: { shape: DefinitionShape; newest: number }): Problem {
  const differences = compareShapes(known.shape, shape)
  return new Problem({
    code: 'definition-conflict',
    status: 409,
    title: `${shape.name} v${shape.version} is registered already, and it is another one`,
    detail: `${differences.join('; ')}.`,
    hint: `A version never changes once it is registered: raise it to ${known.newest + 1}.`,
    extensions: { definition: shape.name, version: shape.version, differences },
  })
}

/** Nothing of that name, or not in that version. */
export function definitionUnknown(name: string, version?: number, nameKnown = false): Problem {
  return new Problem({
    code: 'definition-unknown',
    status: 404,
    title: 'There is no such task definition',
    detail: version === undefined ? `"${name}" is not known.` : `"${name}" v${version} is not known.`,
    hint: nameKnown
      ? 'Start it without a version to get the promoted one, or see "errand definitions".'
      : 'See "errand definitions" for those that are. A new one becomes known when a worker that has it starts.',
  })
}

/** New tasks do not get a version that was retired. */
export function definitionRetired(name: string, version: number): Problem {
  return new Problem({
    code: 'definition-retired',
    status: 409,
    title: `${name} v${version} is retired`,
    hint: 'Start it without a version to get the promoted one.',
  })
}

/** What new tasks get cannot be retired. */
export function definitionPromoted(name: string, version: number, others: readonly number[]): Problem {
  return new Problem({
    code: 'definition-promoted',
    status: 409,
    title: `${name} v${version} is what new tasks get`,
    detail: others.length === 0 ? 'There is no other version.' : `The others are: v${others.join(', v')}.`,
    hint:
      others.length === 0
        ? 'Register another version and promote it first.'
        : `Promote another first: errand definitions promote ${name}@${others[0]}.`,
  })
}

/** A version on which something is still open. */
export function definitionInUse(
  name: string,
  version: number,
  open: { state: string; count: number }[],
  tasks: readonly string[],
): Problem {
  const count = open.reduce((sum, each) => sum + each.count, 0)
  const states = open.map((each) => `${each.count} ${each.state}`).join(', ')
  const named = tasks.join(', ') + (tasks.length < count ? ', …' : '')
  return new Problem({
    code: 'definition-in-use',
    status: 409,
    title: `${count} ${count === 1 ? 'task is' : 'tasks are'} open on ${name} v${version}`,
    detail: `${states}: ${named}.`,
    hint: 'Let them end, with a worker that serves the version, or cancel them; then retire it.',
    extensions: { open: Object.fromEntries(open.map((each) => [each.state, each.count])), tasks },
  })
}
