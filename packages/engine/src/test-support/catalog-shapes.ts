import type { DefinitionShape } from '@errand/task'
import { shapeOf, stepOf } from './shapes.ts'

const of = (version: number, steps: string[], more: Partial<DefinitionShape> = {}): DefinitionShape =>
  shapeOf(
    steps.map((name, index) => stepOf(name, { after: steps.slice(0, index) })),
    { name: 'deployed', version, ...more },
  )

/** Three versions: the second puts itself into use, the third takes over what the first has left and has a step more. */
export const catalogShapes: readonly [DefinitionShape, DefinitionShape, DefinitionShape] = [
  of(1, ['read', 'write']),
  of(2, ['read', 'write'], { promote: 'on-register' }),
  of(3, ['read', 'check', 'write'], { resumes: [1] }),
]
