import { canMove, type DefinitionShape, isFinal, type StepShape, type StepState, type TaskState } from '@errand/task'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shapeArbitrary, shapeOf, stepOf } from '../test-support/shapes.ts'
import { plan, type Situation } from './plan.ts'

test('what waits for nothing is ready at once, all of it side by side', () => {
  const shape = shapeOf([stepOf('a'), stepOf('b'), stepOf('c', { after: ['a', 'b'] })])
  expect(plan(shape, { state: 'pending', failed: false, steps: allPending(shape) })).toEqual({
    steps: [
      { name: 'a', to: 'ready', reason: null },
      { name: 'b', to: 'ready', reason: null },
    ],
    task: null,
  })
})

test('a step waits for every step it comes after', () => {
  const shape = shapeOf([stepOf('a'), stepOf('b'), stepOf('c', { after: ['a', 'b'] })])
  const half: Situation = { state: 'running', failed: false, steps: { a: 'completed', b: 'running', c: 'pending' } }
  expect(plan(shape, half)).toEqual({ steps: [], task: null })
  expect(plan(shape, { ...half, steps: { ...half.steps, b: 'completed' } }).steps).toEqual([
    { name: 'c', to: 'ready', reason: null },
  ])
})

test('a task that has done everything is completed, and has nothing to clean up', () => {
  const shape = shapeOf([stepOf('a'), stepOf('undo', { kind: 'on-failure' }), stepOf('off', { kind: 'on-cancel' })])
  expect(
    plan(shape, { state: 'running', failed: false, steps: { a: 'completed', undo: 'pending', off: 'pending' } }),
  ).toEqual({
    steps: [
      { name: 'undo', to: 'skipped', reason: 'nothing to clean up' },
      { name: 'off', to: 'skipped', reason: 'nothing to clean up' },
    ],
    task: 'completed',
  })
})

test('a failure lets go what has not begun, waits for what runs, then cleans up, then fails the task', () => {
  const shape = shapeOf([
    stepOf('a'),
    stepOf('b'),
    stepOf('c'),
    stepOf('d', { after: ['a', 'b', 'c'] }),
    stepOf('undo', { kind: 'on-failure' }),
    stepOf('off', { kind: 'on-cancel' }),
  ])
  const rest = { undo: 'pending', off: 'pending' } as const
  const first = plan(shape, {
    state: 'running',
    failed: true,
    steps: { a: 'failed', b: 'running', c: 'retrying', d: 'pending', ...rest },
  })
  expect(first).toEqual({
    steps: [
      { name: 'c', to: 'canceled', reason: 'another step failed' },
      { name: 'd', to: 'skipped', reason: 'another step failed' },
    ],
    task: null,
  })
  const ended = { a: 'failed', b: 'canceled', c: 'canceled', d: 'skipped' } as const
  expect(plan(shape, { state: 'running', failed: true, steps: { ...ended, ...rest } })).toEqual({
    steps: [{ name: 'undo', to: 'ready', reason: 'another step failed' }],
    task: null,
  })
  for (const undo of ['ready', 'running', 'retrying'] as const) {
    const waiting = plan(shape, { state: 'running', failed: true, steps: { ...ended, undo, off: 'pending' } })
    expect(waiting).toEqual({ steps: [], task: null })
  }
  // Also when cleaning up has failed, the task ends with the failure that it had.
  for (const undo of ['completed', 'failed'] as const) {
    expect(plan(shape, { state: 'running', failed: true, steps: { ...ended, undo, off: 'pending' } })).toEqual({
      steps: [{ name: 'off', to: 'skipped', reason: 'nothing to clean up' }],
      task: 'failed',
    })
  }
})

test('a cancel does the same with its own clean-up', () => {
  const shape = shapeOf([stepOf('a'), stepOf('undo', { kind: 'on-failure' }), stepOf('off', { kind: 'on-cancel' })])
  const steps = { undo: 'pending', off: 'pending' } as const
  expect(plan(shape, { state: 'canceling', failed: false, steps: { a: 'running', ...steps } })).toEqual({
    steps: [],
    task: null,
  })
  expect(plan(shape, { state: 'canceling', failed: false, steps: { a: 'canceled', ...steps } }).steps).toEqual([
    { name: 'off', to: 'ready', reason: 'the task was canceled' },
  ])
})

test('a task that is canceled while it cleans up after a failure does not end before that has', () => {
  const shape = shapeOf([stepOf('a'), stepOf('undo', { kind: 'on-failure' }), stepOf('off', { kind: 'on-cancel' })])
  const canceling = (undo: StepState, off: StepState) =>
    plan(shape, { state: 'canceling', failed: true, steps: { a: 'failed', undo, off } })
  expect(canceling('running', 'pending')).toEqual({ steps: [], task: null })
  expect(canceling('retrying', 'pending').steps).toEqual([
    { name: 'undo', to: 'canceled', reason: 'the task was canceled' },
    { name: 'off', to: 'ready', reason: 'the task was canceled' },
  ])
  expect(canceling('completed', 'completed')).toEqual({ steps: [], task: 'canceled' })
})

test('nothing follows once a task is over', () => {
  fc.assert(
    fc.property(
      shapeArbitrary(),
      fc.constantFrom<TaskState>('completed', 'completed_with_errors', 'failed', 'canceled'),
      fc.boolean(),
      (shape, state, failed) => {
        expect(plan(shape, { state, failed, steps: allPending(shape) })).toEqual({ steps: [], task: null })
      },
    ),
  )
})

test('from any situation it proposes only moves that the tables allow, each step once', () => {
  const states: StepState[] = ['pending', 'ready', 'running', 'retrying', 'completed', 'failed', 'canceled', 'skipped']
  fc.assert(
    fc.property(
      shapeArbitrary(),
      fc.constantFrom<TaskState>('pending', 'running', 'canceling'),
      fc.boolean(),
      fc.array(fc.constantFrom(...states), { minLength: 10, maxLength: 10 }),
      (shape, state, failed, chosen) => {
        const steps = Object.fromEntries(shape.steps.map(({ name }, index) => [name, chosen[index] ?? 'pending']))
        const next = plan(shape, { state, failed, steps })
        expect(new Set(next.steps.map(({ name }) => name)).size).toBe(next.steps.length)
        for (const { name, to } of next.steps) {
          expect(canMove('step', steps[name] ?? 'pending', to), `${name}: ${steps[name]} to ${to}`).toBe(true)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})

/** What can happen to a task from outside, as numbers that choose among what is possible at that moment. */
const eventArbitrary = fc.record({ which: fc.nat(), how: fc.nat({ max: 99 }) })

test('whatever order steps end in, and whatever fails or is canceled, every task ends, and nothing runs after it', () => {
  fc.assert(
    fc.property(shapeArbitrary(), fc.array(eventArbitrary, { maxLength: 40 }), (shape, events) => {
      const task = simulate(shape, events)
      expect(isFinal('task', task.state)).toBe(true)
      for (const [name, state] of Object.entries(task.steps)) {
        expect(isFinal('step', state), `${name} is ${state} in a task that is ${task.state}`).toBe(true)
      }
      const graph = shape.steps.filter(({ kind }) => kind === 'step')
      if (task.state === 'completed') expect(graph.every(({ name }) => task.steps[name] === 'completed')).toBe(true)
      if (task.canceled) expect(task.state).toBe('canceled')
      else expect(task.state).toBe(task.failed ? 'failed' : 'completed')
    }),
    { numRuns: 2_000 },
  )
})

test('asked again when nothing has happened, it says nothing new', () => {
  fc.assert(
    fc.property(shapeArbitrary(), fc.array(eventArbitrary, { maxLength: 20 }), (shape, events) => {
      const seen: Situation[] = []
      simulate(shape, events, (situation) => seen.push(situation))
      for (const situation of seen) expect(plan(shape, situation)).toEqual({ steps: [], task: null })
    }),
    { numRuns: 300 },
  )
})

function allPending(shape: DefinitionShape): Record<string, StepState> {
  return Object.fromEntries(shape.steps.map(({ name }) => [name, 'pending' as const]))
}

/** Plays a task through: the events first, and when they are used up, every step that can run completes. */
function simulate(
  shape: DefinitionShape,
  events: readonly { which: number; how: number }[],
  after: (situation: Situation) => void = () => undefined,
) {
  const task = { state: 'pending' as TaskState, failed: false, canceled: false, steps: allPending(shape) }
  const move = (name: string, to: StepState) => {
    const from = task.steps[name] ?? 'pending'
    if (!canMove('step', from, to)) throw new Error(`${name} cannot go from ${from} to ${to}`)
    task.steps[name] = to
  }
  const moveTask = (to: TaskState) => {
    if (!canMove('task', task.state, to)) throw new Error(`the task cannot go from ${task.state} to ${to}`)
    task.state = to
  }
  const follow = () => {
    const next = plan(shape, task)
    for (const { name, to } of next.steps) move(name, to)
    if (next.task !== null) moveTask(next.task)
    after({ state: task.state, failed: task.failed, steps: { ...task.steps } })
  }
  const cancel = () => {
    task.canceled = true
    if (task.state === 'pending') {
      moveTask('canceled')
      for (const [name, state] of Object.entries(task.steps)) if (!isFinal('step', state)) move(name, 'canceled')
    } else {
      moveTask('canceling')
      follow()
    }
  }
  const stepEnds = (step: StepShape, how: number) => {
    const winding = task.state === 'canceling' || task.failed
    const cleanup = step.kind === 'on-failure' || step.kind === 'on-cancel'
    if (how < 40) move(step.name, 'completed')
    else if (how < 60) move(step.name, winding && !cleanup ? 'canceled' : 'retrying')
    else if (how < 75) move(step.name, winding && !cleanup ? 'canceled' : 'ready')
    else if (winding && !cleanup) move(step.name, 'canceled')
    else {
      move(step.name, 'failed')
      if (!cleanup) task.failed = true
    }
    follow()
  }
  follow()
  const queue = [...events]
  // Once the events are used up, three rounds for each step (pending, ready, running) are more than enough.
  for (let rounds = 0; !isFinal('task', task.state); rounds++) {
    if (rounds > events.length + 3 * shape.steps.length + 3) {
      throw new Error(`it does not end: ${JSON.stringify(task)}`)
    }
    const event = queue.shift()
    const alive = shape.steps.filter(({ name }) => ['ready', 'running', 'retrying'].includes(task.steps[name] ?? ''))
    const step = alive[(event?.which ?? 0) % Math.max(1, alive.length)]
    if (event !== undefined && event.how === 99 && task.state !== 'canceling') cancel()
    else if (step === undefined) throw new Error(`nothing can move: ${JSON.stringify(task)}`)
    else if (task.steps[step.name] === 'running') stepEnds(step, event?.how ?? 0)
    else {
      if (task.state === 'pending') moveTask('running')
      move(step.name, 'running')
    }
  }
  return task
}
