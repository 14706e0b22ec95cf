import { randomBytes } from 'node:crypto'
import { isTaskFailure } from '@errand/task'
import { createTestbed, type Testbed } from '@errand/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { courseExport } from './export/course-export.ts'
import { courseImport } from './import/course-import.ts'
import { readRef } from './store/course-ref.ts'
import { filesIn, type TestMember, tarGzOf, temporaryStore } from './test-support/archives.ts'
import { FailingStore } from './test-support/failing-store.ts'
import { runTask, uploadOf } from './test-support/run-task.ts'
import { courseRevert } from './versions/course-revert.ts'

/**
 * Whatever ends a task, at whatever step: the course is as it was before, or as it should be after. That a process is killed
 * is tried with real ones (e2e/course-steps.test.ts).
 */

const course = 'course-v1:A+B+C'
const input = { course }
const courseOf = (title: string): TestMember[] => [
  ['course/course.xml', `<course url_name="R" org="O" course="C" display_name="${title}"/>`],
  [`course/static/${title}.bin`, randomBytes(60_000)],
  ['course/static/big.bin', randomBytes(1_200_000)],
  ...Array.from({ length: 30 }, (_, n): TestMember => [`course/html/${n}.html`, `<p>${title} ${n}</p>`]),
]
const first = courseOf('first')
const second = courseOf('second')
const contentsOf = (members: TestMember[]): Map<string, string> =>
  new Map(members.map(([path, content]) => [String(path), Buffer.from(content ?? '').toString('base64')]))
const contentsIn = async (archive: Buffer): Promise<Map<string, string>> =>
  new Map([...(await filesIn(archive))].map(([path, bytes]) => [path, bytes.toString('base64')]))

describe('a cancel while a step runs', () => {
  const principal = { id: 'ada', name: 'Ada', staff: true }
  let bed: Testbed
  let archives: { first: Buffer; second: Buffer }
  beforeAll(async () => {
    bed = await createTestbed({ pack: new URL('./index.ts', import.meta.url), principal })
    archives = { first: await tarGzOf(first), second: await tarGzOf(second) }
  }, 120_000)
  afterAll(() => bed.close())

  const exported = async (key: string): Promise<Map<string, string>> => {
    const run = (await bed.run('course.export', { input: { course: key } })).assertCompleted()
    return contentsIn(await run.artifact('archive').bytes())
  }

  /** Cancels as soon as the step is seen running; it may be over by then, and so may be the whole task. */
  async function canceledAt(step: string, definition: string, given: object, archive?: Buffer): Promise<string> {
    const uploads = archive ? { archive: { content: archive, filename: 'c.tar.gz' } } : {}
    const task = await bed.start(definition, { input: given, uploads })
    for await (const event of bed.engine.watchTask(task.id, principal)) {
      if (event.type === 'transition' && event.transition.step === step && event.transition.to === 'running') break
    }
    // What is over already cannot be canceled, which is an answer as well.
    await task.cancel().catch((error: unknown) => expect(error).toMatchObject({ code: expect.any(String) }))
    const { state } = await task.ended
    expect(['canceled', 'completed']).toContain(state)
    return state
  }

  const imports = ['receive', 'unpack', 'read', 'check', 'store', 'publish']
  test.each(imports)('import, in %s', { timeout: 240_000 }, async (step) => {
    const key = `course-v1:A+B+${step}`
    const before = { input: { course: key }, uploads: { archive: { content: archives.first, filename: 'c.tar.gz' } } }
    ;(await bed.run('course.import', before)).assertCompleted()
    await canceledAt(step, 'course.import', { course: key }, archives.second)
    const current = (await readRef(bed.store('courses'), key))?.current
    expect(await exported(key)).toEqual(contentsOf(current === 1 ? first : second))
    for await (const { key: left } of bed.store('courses').list('work/')) expect.unreachable(left)
  })

  test('export and revert, in each step', { timeout: 240_000 }, async () => {
    for (const archive of [archives.first, archives.second]) {
      const uploads = { archive: { content: archive, filename: 'c.tar.gz' } }
      ;(await bed.run('course.import', { input, uploads })).assertCompleted()
    }
    for (const step of ['snapshot', 'write', 'package']) {
      await canceledAt(step, 'course.export', input)
      expect((await readRef(bed.store('courses'), course))?.current).toBe(2)
    }
    for (const step of ['choose', 'publish']) {
      await canceledAt(step, 'course.revert', { course, version: 1 })
      const current = (await readRef(bed.store('courses'), course))?.current
      expect(await exported(course)).toEqual(contentsOf(current === 2 ? second : first))
    }
  })
})

test.each([
  ['export', courseExport, {}],
  ['revert', courseRevert, { version: 1 }],
])('storage that fails, at whatever request of an %s', async (_name, definition, more) => {
  const store = await temporaryStore()
  for (const members of [first, second]) {
    const archive = uploadOf('c.tar.gz', await tarGzOf(members))
    await runTask(courseImport, { store, input, uploads: { archive } })
  }
  let failed = 0
  for (let requests = 0; ; requests++) {
    const failing = new FailingStore(store, requests)
    const run = runTask(definition, { store: failing, input: { course, ...more }, taskId: 't' })
    const error = await run.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    const current = (await readRef(store, course))?.current
    const { artifacts } = await runTask(courseExport, { store, input })
    const now = await contentsIn(artifacts.archive?.content ?? Buffer.alloc(0))
    expect(now).toEqual(contentsOf(current === 2 ? second : first))
    if (error === undefined) break
    failed++
    // No fault of the course's: it can be tried again.
    expect(isTaskFailure(error), String(error)).toBe(false)
  }
  expect(failed).toBeGreaterThan(3)
})
