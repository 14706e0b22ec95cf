import { randomBytes } from 'node:crypto'
import { isTaskFailure } from '@errand/task'
import { expect, test } from 'vitest'
import { courseExport } from './export/course-export.ts'
import { courseImport } from './import/course-import.ts'
import { readRef } from './store/course-ref.ts'
import { filesIn, type TestMember, tarGzOf } from './test-support/archives.ts'
import { FailingStore } from './test-support/failing-store.ts'
import { MemoryStore } from './test-support/memory-store.ts'
import { runTask, uploadOf } from './test-support/run-task.ts'
import { courseRevert } from './versions/course-revert.ts'

/** Storage that fails at any request of a task leaves the course as it was before, or as it should be after. */

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

test.each([
  ['export', courseExport, {}],
  ['revert', courseRevert, { version: 1 }],
])('storage that fails, at whatever request of an %s', async (_name, definition, more) => {
  const store = new MemoryStore()
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
