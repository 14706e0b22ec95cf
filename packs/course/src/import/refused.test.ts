import { createTestbed, type Testbed, type TestRun } from '@errand/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestMember, tarGzOf } from '../test-support/archives.ts'

/** Every import has its report, one whose archive was refused as well. */

const course = 'course-v1:A+B+C'
let bed: Testbed
beforeAll(async () => {
  const principal = { id: 'ada', name: 'Ada', staff: true }
  bed = await createTestbed({ pack: new URL('../index.ts', import.meta.url), principal })
}, 120_000)
afterAll(() => bed.close())

async function refused(content: Buffer): Promise<TestRun> {
  const uploads = { archive: { content, filename: 'c.tar.gz' } }
  const run = await bed.run('course.import', { input: { course }, uploads })
  expect(run.state).toBe('failed')
  for await (const { key } of bed.store('courses').list('work/')) expect.unreachable(key)
  return run
}

const ROWS: [what: string, members: TestMember[], code: string, finding: object][] = [
  [
    'a member that leaves the archive',
    [
      ['course/course.xml', '<course url_name="R" org="O" course="C"/>'],
      ['../../etc/passwd', 'x'],
    ],
    'archive-path-escapes',
    { code: 'ArchiveRefused', message: expect.stringContaining('"../../etc/passwd" leaves the archive') },
  ],
  ['no course at all', [['notes.txt', 'x']], 'course-root-missing', { code: 'CourseXMLDoesNotExist' }],
  [
    'a course.xml that is broken',
    [['course/course.xml', '<course>\n<chapter></course>']],
    'course-root-unreadable',
    { code: 'InvalidXML', file: 'course.xml', line: 2 },
  ],
]

test.each(ROWS)('%s: the report says so, and what to do', async (_what, members, code, finding) => {
  const run = await refused(await tarGzOf(members))
  const report = await run.artifact('report').json()
  expect(report).toMatchObject({ course, levels: { ERROR: 1 }, changes: null, refused: { code } })
  expect(report).toMatchObject({ findings: [{ level: 'ERROR', hint: run.failure?.hint, ...finding }] })
  const page = await run.artifact('page').text()
  expect(page).toContain('Nothing was imported, and nothing was changed.')
  expect(page).toContain(run.failure?.title ?? 'no failure')
})

test('a file that is no archive has a report as well', async () => {
  const run = await refused(Buffer.from('not an archive'))
  expect(await run.artifact('report').json()).toMatchObject({ refused: { code: 'archive-unrecognised' } })
})
