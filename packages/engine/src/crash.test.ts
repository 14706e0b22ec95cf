import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crashShape } from './test-support/crash-shape.ts'
import { openRooms, type Rooms } from './test-support/rooms.ts'

/** After how many promises each process is killed: early, and in the midst of many. */
const KILLS = [1, 50]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-crash-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a process killed at its work leaves a record that is whole: all it promised, nothing by halves', {
  timeout: 240_000,
}, async () => {
  const submitted = new Set<string>()
  const results = new Map<string, string>()
  for (const promises of KILLS) {
    for (const [what = '', id = '', step = '', result = ''] of await killAfter(promises)) {
      if (what === 'submitted') submitted.add(id)
      if (what === 'completed') results.set(`${id} ${step}`, result)
    }
    const rooms = await openRooms({ kind: 'pglite', dataDir: join(folder, 'data') }, [crashShape])
    try {
      await checkRecord(rooms, submitted, results)
    } finally {
      await rooms.close()
    }
  }
  const rooms = await openRooms({ kind: 'pglite', dataDir: join(folder, 'data') }, [crashShape])
  await rooms.lapse(crashShape)
  await finishAll(rooms, results)
  await checkRecord(rooms, submitted, results)
  await rooms.close()
})

/** @returns the words of each line that the process has printed before it died */
async function killAfter(promises: number): Promise<string[][]> {
  const script = join(import.meta.dirname, 'test-support', 'crash-child.ts')
  const child: ChildProcess = spawn(process.execPath, [script, join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('The process has no output.')
  const lines: string[][] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line.split(' '))
    if (lines.length === promises) child.kill('SIGKILL')
  }
  expect(lines.length).toBeGreaterThanOrEqual(promises)
  return lines
}

async function checkRecord(rooms: Rooms, submitted: Set<string>, results: Map<string, string>): Promise<void> {
  const { db } = rooms.services
  const tasks = await db.selectFrom('tasks').select(['id', 'state', 'sequence']).execute()
  const ids = new Set(tasks.map(({ id }) => id))
  expect([...submitted].filter((id) => !ids.has(id))).toEqual([])

  const steps = await db.selectFrom('steps').selectAll().execute()
  expect(steps).toHaveLength(tasks.length * crashShape.steps.length)
  const stored = new Map(steps.map((step) => [`${step.task_id} ${step.name}`, step.result]))
  for (const [step, result] of results) expect(stored.get(step)).toBe(result)

  const { rows: gaps } = await sql`
    SELECT t.id FROM errand.tasks t JOIN errand.transitions x ON x.task_id = t.id
    GROUP BY t.id HAVING count(*) <> t.sequence OR min(x.sequence) <> 1 OR max(x.sequence) <> t.sequence`.execute(db)
  expect(gaps).toEqual([])
  const { rows: stranded } = await sql`
    SELECT s.task_id, s.name FROM errand.steps s WHERE s.state IN ('ready', 'running', 'retrying')
      AND NOT EXISTS (SELECT 1 FROM errand_dispatch.job j WHERE j.id = s.job)`.execute(db)
  expect(stranded).toEqual([])
  const { rows: stuck } = await sql`
    SELECT t.id FROM errand.tasks t WHERE t.state IN ('pending', 'running')
      AND NOT EXISTS (SELECT 1 FROM errand.steps s WHERE s.task_id = t.id AND s.state IN ('ready', 'running', 'retrying'))`.execute(
    db,
  )
  expect(stuck).toEqual([])
}

async function finishAll(rooms: Rooms, results: Map<string, string>): Promise<void> {
  const open = async () => {
    const { rows } = await sql<{
      n: number
    }>`SELECT count(*)::int AS n FROM errand.tasks WHERE state <> 'completed'`.execute(rooms.services.db)
    return rows[0]?.n ?? 0
  }
  while ((await open()) > 0) {
    await Promise.all(
      (await rooms.claim(20)).map(async (claim) => {
        // What had completed is never given out again.
        expect(results.has(`${claim.taskId} ${claim.step}`)).toBe(false)
        await rooms.work.complete(claim, 'after the crash')
      }),
    )
  }
}
