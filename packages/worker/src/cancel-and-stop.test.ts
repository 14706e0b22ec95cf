import { afterAll, beforeAll, expect, test } from 'vitest'
import { Bed, changedPort, who } from '../test/bed.ts'

let bed: Bed

beforeAll(async () => {
  bed = await Bed.open()
})

afterAll(() => bed[Symbol.asyncDispose]())

test.each(['listens', 'deaf', 'spins'])('a step that %s is canceled', async (definition) => {
  const worker = await bed.worker()
  const started = await bed.start(definition)
  await started.logged('running')
  await bed.engine.cancel(started.id, who)
  const { task } = await started.ended
  expect([task.state, task.steps[0]?.state]).toEqual(['canceled', 'canceled'])
  expect((await bed.run('hello')).task.state).toBe('completed')
  await worker.stop()
})

test('stopping lets a step end within the grace time', async () => {
  const worker = await bed.worker()
  const started = await bed.start('waits', { n: 300 })
  await runningStep(started.id)
  await worker.stop({ graceMs: 10_000 })
  expect((await started.ended).task.state).toBe('completed')
})

test.each(['listens', 'spins'])(
  'stopping hands back a step that %s, without spending an attempt',
  async (definition) => {
    const first = await bed.worker()
    const started = await bed.start(definition)
    await started.logged('running')
    await first.stop({ graceMs: 0 })
    const task = await bed.engine.getTask(started.id, who)
    expect(task.steps[0]).toMatchObject({ state: 'ready', attempt: 0 })

    const second = await bed.worker()
    await runningStep(started.id)
    await bed.engine.cancel(started.id, who)
    expect((await started.ended).task.state).toBe('canceled')
    await second.stop()
  },
)

async function runningStep(id: string): Promise<void> {
  for await (const event of bed.engine.watchTask(id, who)) {
    if (event.type === 'task' && event.task.steps[0]?.state === 'running') return
  }
}

test('an attempt that has lost its claim is ended, and nothing of it is stored', async () => {
  const { work } = bed.engine
  const settled: string[] = []
  let lose = false
  const told = Promise.withResolvers<void>()
  // Says of every claim that it is another's once it is told to.
  const losing = changedPort(work, {
    heartbeat: async (id, claims) => {
      if (!lose) return work.heartbeat(id, claims)
      told.resolve()
      return { lost: [...claims], canceling: [] }
    },
    complete: async () => void settled.push('complete'),
    fail: async () => void settled.push('fail'),
    canceled: async () => void settled.push('canceled'),
    release: async () => void settled.push('release'),
  })
  const worker = await bed.worker({ engine: { work: losing } })
  const started = await bed.start('saves-at-the-end')
  await started.logged('running')
  lose = true
  await told.promise
  await worker.stop({ graceMs: 10_000 })
  expect(settled).toEqual([])
  expect(await bed.engine.logs(started.id, who)).toHaveLength(1)
})
