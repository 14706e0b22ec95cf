import { randomUUID } from 'node:crypto'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { artifact, defineTask } from '@errand/task'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ada, bob, onBothDatabases, openTestEngine, staff, type TestEngine } from '../test-support/databases.ts'
import { until } from '../test-support/until.ts'

const writes = defineTask({
  name: 'writes',
  version: 1,
  title: 'Write a file',
  input: z.object({}),
  artifacts: { out: artifact({ mediaType: 'text/plain' }) },
}).step('only', {}, () => 1)

onBothDatabases((kind) => {
  let bed: TestEngine
  const worker = { id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 4 }

  beforeAll(async () => {
    bed = await openTestEngine(kind)
    await bed.engine.work.register(worker, [writes.shape])
  })
  afterAll(() => bed.close())

  /** A task of ada's; its id, and how it is brought to its end with a file. */
  async function started(): Promise<{ id: string; end: () => Promise<void> }> {
    const { engine } = bed
    const { id } = (await engine.submit({ definition: 'writes', input: {} }, ada)).task
    return {
      id,
      async end() {
        const claim = await until(async () => (await engine.work.claim(worker.id, 10)).find((one) => one.taskId === id))
        const sink = await engine.work.openArtifact(claim, 'out', { filename: 'out.txt' })
        await sink.write(Buffer.from('bytes'))
        await sink.close()
        await engine.work.complete(claim, null)
      },
    }
  }

  const stored = async () =>
    (await readdir(bed.storage, { recursive: true })).filter((path) => path.endsWith('out.txt')).length

  test('a task that is over goes with its files and its history, and only by whom it may', async () => {
    const { engine } = bed
    const { end, id } = await started()
    await expect(engine.deleteTask(id, ada)).rejects.toMatchObject({ code: 'task-open', status: 409 })
    await end()
    expect(await stored()).toBe(1)
    await expect(engine.deleteTask(id, bob)).rejects.toMatchObject({ code: 'task-unknown', status: 404 })
    await expect(engine.deleteTask(id, { ...ada, grants: ['read'] })).rejects.toMatchObject({ code: 'forbidden' })
    await engine.deleteTask(id, ada)
    expect(await stored()).toBe(0)
    await expect(engine.getTask(id, staff)).rejects.toMatchObject({ code: 'task-unknown' })
    await expect(engine.transitions(id, staff)).rejects.toMatchObject({ code: 'task-unknown' })
    await expect(engine.deleteTask(id, ada)).rejects.toMatchObject({ code: 'task-unknown' })
    expect((await engine.listTasks({}, staff)).tasks).toEqual([])
  })

  test('whose files cannot be removed stays, without them, until they can', async () => {
    const { engine } = bed
    const { end, id } = await started()
    await end()
    // A storage whose root is no folder any more, as that of a volume that is gone.
    const away = `${bed.storage}-away`
    await rename(bed.storage, away)
    await writeFile(bed.storage, '')
    try {
      await expect(engine.deleteTask(id, ada)).rejects.toMatchObject({ code: 'files-remain', status: 503 })
      expect((await engine.getTask(id, ada)).artifacts).toMatchObject([{ state: 'deleted' }])
    } finally {
      await rm(bed.storage)
      await rename(away, bed.storage)
    }
    await engine.deleteTask(id, ada)
    expect(await stored()).toBe(0)
    await expect(engine.getTask(id, ada)).rejects.toMatchObject({ code: 'task-unknown' })
  })
})
