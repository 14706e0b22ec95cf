import { DEFAULT_RETRY, type DefinitionShape, type StepShape } from '@errand/task'
import fc from 'fast-check'

/** A step's shape with everything left out filled in; retries come at once, so that no test waits. */
export function stepOf(name: string, more: Partial<StepShape> = {}): StepShape {
  return {
    name,
    kind: 'step',
    title: name,
    after: [],
    retry: { ...DEFAULT_RETRY, delay: 0.001, maxDelay: 0.001 },
    otherwise: false,
    ...more,
  }
}

export function shapeOf(steps: StepShape[], more: Partial<DefinitionShape> = {}): DefinitionShape {
  return {
    name: 'shape',
    version: 1,
    title: 'A shape',
    input: { type: 'object' },
    uploads: {},
    artifacts: {},
    ...more,
    steps,
  }
}

/** Chains, diamonds, steps side by side, with and without clean-up, retries and alternative paths. */
export function shapeArbitrary(): fc.Arbitrary<DefinitionShape> {
  const step = fc.record({
    after: fc.array(fc.nat({ max: 5 }), { maxLength: 3 }),
    attempts: fc.integer({ min: 1, max: 3 }),
    otherwise: fc.nat({ max: 2 }).map((chance) => chance > 0),
  })
  return fc
    .record({
      graph: fc.array(step, { minLength: 1, maxLength: 5 }),
      onFailure: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
      onCancel: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    })
    .map(({ graph, onCancel, onFailure }) => {
      const retry = (attempts: number) => ({ ...DEFAULT_RETRY, attempts, delay: 0.001, maxDelay: 0.001 })
      const steps = graph.map(({ after, attempts, otherwise }, index) =>
        stepOf(`s${index}`, {
          after: [...new Set(after.filter((before) => before < index).map((before) => `s${before}`))],
          retry: retry(attempts),
          otherwise,
        }),
      )
      if (onFailure !== undefined) steps.push(stepOf('on-failure', { kind: 'on-failure', retry: retry(onFailure) }))
      if (onCancel !== undefined) steps.push(stepOf('on-cancel', { kind: 'on-cancel', retry: retry(onCancel) }))
      return shapeOf(steps)
    })
}
