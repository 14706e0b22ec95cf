import { randomUUID } from 'node:crypto'
import { defineTask } from '@errand/task'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ada, onBothDatabases, openTestEngine, type TestEngine } from '../test-support/databases.ts'

const twoSteps = defineTask({
  name: 'two-steps',
  version: 1,
  title: 'One after the other',
  input: z.object({}),
})
  .step('read', {}, () => 1)
  .step('write', { after: ['read'] }, () => 2)

onBothDatabases((kind) => {
  let bed: TestEngine
  const worker = { id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 1 }
  beforeAll(async () => {
    bed = await openTestEngine(kind)
    await bed.engine.work.register(worker, [twoSteps.shape])
  })
  afterAll(() => bed.close())

  test('in a long queue a task that has begun is done before the next one begins, in the order in which they came', async () => {
    const tasks: string[] = []
    for (let number = 0; number < 3; number++) {
      tasks.push((await bed.engine.submit({ definition: 'two-steps', input: {} }, ada)).task.id)
    }
    const done: [string, string][] = []
    for (;;) {
      const [claim] = await bed.engine.work.claim(worker.id, 1)
      if (claim === undefined) break
      done.push([claim.taskId, claim.step])
      await bed.engine.work.complete(claim, null)
    }
    expect(done).toEqual(
      tasks.flatMap((id) => [
        [id, 'read'],
        [id, 'write'],
      ]),
    )
  })
})
