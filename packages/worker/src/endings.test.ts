import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Bed, probes, who } from '../test/bed.ts'
import { emptyDatabase, onBothDatabases } from '../test/databases.ts'

/** Alternative paths, clean-up, cancel and death of a thread, in real threads and on both databases. */

const endings = fileURLToPath(new URL('../test/packs/endings.ts', import.meta.url))

onBothDatabases((kind) => {
  let bed: Bed
  let drop: () => Promise<void>

  beforeAll(async () => {
    const database = await emptyDatabase(kind)
    drop = database.drop
    bed = await Bed.open(database.config)
    await bed.worker({ packs: [{ use: probes }, { use: endings }] })
  })
  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
    await drop()
  })

  test('when every attempt has failed the alternative path is taken, and its result is the step’s', async () => {
    const { logs, task, transitions } = await bed.run('detour')
    expect(task.state).toBe('completed')
    expect(logs).toEqual(['attempt 1', 'attempt 2', 'otherwise after nobody-home, attempt 2', 'got from the cache'])
    const ask = transitions.filter(({ step }) => step === 'ask').map(({ to, reason }) => [to, reason])
    expect(ask).toContainEqual(['retrying', 'Nobody is home; the alternative path is next'])
    expect(ask).toContainEqual(['running', 'taking the alternative path'])
  })

  test('when the alternative path fails as well, that is the failure', async () => {
    const { task } = await bed.run('no-way')
    expect(task).toMatchObject({ state: 'failed', failure: { code: 'cache-empty', step: 'ask' } })
  })

  test('a failed task cleans up, knows what its steps had done, and keeps no half of a file', async () => {
    const { logs, task } = await bed.run('tidies', { fails: true })
    expect(task).toMatchObject({ state: 'failed', failure: { code: 'nobody-home' } })
    expect(logs).toEqual(['undone at A7 after a failure'])
    expect(task.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'make completed',
      'work failed',
      'on-failure completed',
      'on-cancel skipped',
    ])
    expect(task.artifacts.filter(({ state }) => state === 'available')).toEqual([])
  })

  test('clean-up that fails is on record, and the task’s own failure stays what it was', async () => {
    const { task } = await bed.run('tidies', { fails: true, cleanupFails: true })
    expect(task).toMatchObject({ state: 'failed', failure: { code: 'nobody-home' } })
    expect(task.steps.find(({ name }) => name === 'on-failure')).toMatchObject({
      state: 'failed',
      failure: { code: 'unexpected' },
    })
  })

  test('a canceled task cleans up, and the clean-up is not itself told to end', async () => {
    const started = await bed.start('tidies', { fails: false })
    await started.logged('running')
    await bed.engine.cancel(started.id, who)
    const { logs, task } = await started.ended
    expect(task.state).toBe('canceled')
    expect(logs).toEqual(['running', 'undone at A7 after a cancel, signal false'])
    expect(task.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'make completed',
      'work canceled',
      'on-failure skipped',
      'on-cancel completed',
    ])
    expect(task.artifacts.filter(({ state }) => state === 'available')).toEqual([])
  })

  test.each(['deaf', 'spins'])('a step that %s loses its thread when it is canceled', async (definition) => {
    const started = await bed.start(definition)
    await started.logged('running')
    await bed.engine.cancel(started.id, who)
    expect((await started.ended).task.state).toBe('canceled')
  })

  test.each([
    ['leaks', 'step-out-of-memory'],
    ['exits', 'step-exited'],
    ['rejects', 'unexpected'],
  ])('a step that %s fails alone', async (definition, code) => {
    const [one, other] = await Promise.all([bed.run(definition), bed.run('hello')])
    expect([one.task.failure?.code, other.task.state]).toEqual([code, 'completed'])
  })
})
