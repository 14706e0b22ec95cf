import { afterAll, beforeAll, expect, test } from 'vitest'
import { Bed, who } from '../test/bed.ts'

/** Whatever a step's code does, the step ends with a clear failure, and the next one runs as if nothing had been. */

let bed: Bed

beforeAll(async () => {
  bed = await Bed.open()
  await bed.worker()
})

afterAll(() => bed[Symbol.asyncDispose]())

test.each([
  ['leaks', 'step-out-of-memory', '"run" used more than 64 MiB.'],
  ['hoards-buffers', 'step-out-of-memory', '"run" used more than 64 MiB.'],
  ['rejects', 'unexpected', 'The technical details were recorded.'],
  ['throws-in-timer', 'unexpected', 'The technical details were recorded.'],
  ['exits', 'step-exited', 'The code of "run" called process.exit(3) before it had a result.'],
  ['throws-text', 'unexpected', 'The technical details were recorded.'],
  ['throws-nothing', 'unexpected', 'The technical details were recorded.'],
  ['fails', 'no-learners', 'There are none.'],
  ['returns-map', 'result-invalid', 'It must be JSON, but it.found is a Map.'],
  ['returns-loop', 'result-invalid', 'It must be JSON, but it.self contains itself.'],
  ['returns-much', 'result-too-large', 'It has 1048578 bytes as JSON; 1048576 are allowed.'],
  ['saves-much', 'checkpoint-too-large', 'It has 262146 bytes as JSON; 262144 are allowed.'],
  ['slow', 'step-timed-out', '"run" may take 0.2 seconds and had not ended by then.'],
  ['spins-slowly', 'step-timed-out', '"run" may take 0.2 seconds and had not ended by then.'],
  ['writes-partly', 'artifact-unfinished', 'Still being written: file.'],
  ['writes-and-throws', 'source-broken', ''],
])('%s: %s', async (definition, code, detail) => {
  const { task } = await bed.run(definition)
  expect(task.state).toBe('failed')
  expect(task.failure).toMatchObject({ code, detail, step: 'run' })
  expect(task.failure?.reference).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{4}$/)
  expect(task.artifacts.filter(({ state }) => state === 'available')).toEqual([])
  const next = await bed.run('hello', { n: 5 })
  expect([next.task.state, next.logs]).toEqual(['completed', ['n is 5']])
})

test('while one step spins and another leaks, a third completes and the record answers', async () => {
  await bed.worker({ concurrency: 3 })
  const spinning = await bed.start('spins')
  await spinning.logged('running')
  const leaking = bed.run('leaks')
  const { task } = await bed.run('hello')
  expect(task.state).toBe('completed')
  // How fast it answers is for bench/ to say; here, that it does while both cores are taken.
  expect((await bed.engine.getTask(spinning.id, who)).state).toBe('running')
  expect((await leaking).task.failure?.code).toBe('step-out-of-memory')
  await bed.engine.cancel(spinning.id, who)
  expect((await spinning.ended).task.state).toBe('canceled')
})

test('an error that comes after its step is over fails no other step', async () => {
  const before = await bed.run('leaves-trouble')
  const after = await Promise.all([1, 2, 3, 4].map(() => bed.run('waits', { n: 60 })))
  expect([before, ...after].map(({ task }) => task.state)).toEqual(Array(5).fill('completed'))
  expect(bed.lines.some((line) => line.includes('An error after its step was over') && line.includes('late'))).toBe(
    true,
  )
})

test('what a step writes to the console reaches the logger, with the step', async () => {
  const { task } = await bed.run('writes-console')
  const lines = bed.lines
    .map((line) => JSON.parse(line) as { taskId?: string; level: number; msg: string; console?: true })
    .filter(({ taskId, console }) => taskId === task.id && console)
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    [30, 'to the console { n: 1 }'],
    [40, 'a warning'],
    [30, 'straight'],
  ])
})

test('a long line is cut, and a flood of lines is thinned out and says so', async () => {
  const { task, logs } = await bed.run('logs-much')
  expect(task.state).toBe('completed')
  expect(logs[0]).toHaveLength(2_000)
  expect(logs.length).toBeLessThan(150)
  expect(logs.at(-1)).toMatch(/^\d+ lines were left out: no more than 10 a second are kept\.$/)
})

test('a thread that an ended step keeps busy is replaced, and the next step runs', async () => {
  await using other = await Bed.open()
  // Longer than a thread takes to start, also where the machine is busy.
  await other.worker({ concurrency: 1, startMs: 4_000 })
  expect((await other.run('poisons')).task.state).toBe('completed')
  const { task } = await other.run('hello')
  expect([task.state, task.steps[0]?.attempt]).toEqual(['completed', 1])
})
