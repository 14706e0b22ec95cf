import { createHash, randomBytes } from 'node:crypto'
import { isTaskFailure, type ObjectStore, type TaskFailure } from '@errand/task'
import { expect, test } from 'vitest'
import { courseExport } from '../export/course-export.ts'
import { readRef } from '../store/course-ref.ts'
import { objectKey, refKey } from '../store/object-keys.ts'
import { filesIn, type TestMember, tarGzOf, temporaryStore } from '../test-support/archives.ts'
import { FailingStore } from '../test-support/failing-store.ts'
import { FolderStore } from '../test-support/folder-store.ts'
import { type RunOptions, type RunResult, runTask, uploadOf } from '../test-support/run-task.ts'
import { courseRevert } from '../versions/course-revert.ts'
import { courseVersions } from '../versions/course-versions.ts'
import { courseImport } from './course-import.ts'

const course = 'course-v1:A+B+C'
const ROOT = '<course url_name="R" org="O" course="C"><chapter url_name="one" display_name="One">'
const END = '</chapter></course>'
const first: TestMember[] = [
  ['course/course.xml', `${ROOT}<discussion url_name="d" discussion_id="old-id" display_name="Talk"/>${END}`],
  ['course/static/same.txt', 'same'],
  ['course/static/gone.txt', 'gone'],
  ['course/static/other.txt', 'other 1'],
  ['course/policies/assets.json', '{"gone.txt": {"locked": true}, "same.txt": {"locked": false}}'],
  ['course/drafts/problem/p.xml', '<problem index_in_children_list="0"/>'],
]
const second: TestMember[] = [
  ['course/course.xml', `${ROOT}<discussion url_name="d" discussion_id="new-id" display_name="Talk"/>${END}`],
  ['course/static/same.txt', 'same'],
  ['course/static/new.txt', 'new'],
  ['course/static/other.txt', 'other 2'],
  ['course/policies/assets.json', '{"same.txt": {"locked": true}}'],
]

async function importOf(store: ObjectStore, members: TestMember[], more: Partial<RunOptions> = {}): Promise<RunResult> {
  const archive = uploadOf('c.tar.gz', await tarGzOf(members))
  return runTask(courseImport, {
    store,
    uploads: { archive },
    ...more,
    input: { course, ...(more.input as object | undefined) },
  })
}

async function exported(store: ObjectStore, input: object = {}): Promise<Record<string, string>> {
  const { artifacts } = await runTask(courseExport, { store, input: { course, ...input } })
  const files = await filesIn(artifacts.archive?.content ?? Buffer.alloc(0))
  return Object.fromEntries([...files].map(([path, bytes]) => [path.replace('course/', ''), bytes.toString()]))
}

async function failureOf(run: Promise<unknown>): Promise<TaskFailure> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isTaskFailure(error)) throw error ?? new Error('It did not fail.')
  return error
}

const filesOf = (members: TestMember[]): Record<string, string> =>
  Object.fromEntries(members.map(([path, content]) => [String(path).replace('course/', ''), String(content)]))

test('replace: nothing of the old version lingers', async () => {
  const store = await temporaryStore()
  await importOf(store, first)
  await importOf(store, second)
  expect(await exported(store)).toEqual(filesOf(second))
})

test('merge: files the archive does not hold stay, with what was known of them', async () => {
  const store = await temporaryStore()
  await importOf(store, first)
  await importOf(store, second, { input: { mode: 'merge' } })
  const files = await exported(store)
  const { 'policies/assets.json': assets, ...rest } = { ...filesOf(first), ...filesOf(second) }
  expect(assets).toBeDefined()
  expect(files).toMatchObject(rest)
  expect(JSON.parse(files['policies/assets.json'] ?? '')).toEqual({
    'gone.txt': { locked: true },
    'same.txt': { locked: true },
  })
})

test('merge: what would be a file and a folder at once is the one the archive has, and the report names what was left out', async () => {
  const root: TestMember = ['course/course.xml', `${ROOT}${END}`]
  const store = await temporaryStore()
  await importOf(store, [
    root,
    ['course/static/x', 'a file'],
    ['course/static/y/deep/z', 'in a folder'],
    ['course/static/caf\u00e9', '1'],
    ['course/static/stays', '2'],
  ])
  const over: TestMember[] = [
    root,
    ['course/static/x/in', 'in a folder'],
    ['course/static/y', 'a file'],
    ['course/static/cafe\u0301', '3'],
  ]
  const { artifacts } = await importOf(store, over, { input: { mode: 'merge' } })
  const { dropped, notes, noteCounts } = JSON.parse(artifacts.report?.content.toString() ?? '')
  expect(dropped.map(({ what }: { what: string }) => what)).toEqual(['static/x', 'static/y/deep/z'])
  expect(notes).toContainEqual(expect.objectContaining({ kind: 'name-collision', path: 'static/caf\u00e9' }))
  expect(noteCounts).toEqual({ dropped: 2, 'name-collision': 1 })
  const after = await exported(store)
  expect(after).toEqual({ ...filesOf(over), 'static/caf\u00e9': '1', 'static/stays': '2' })
  // The export can be unpacked: imported again it is the same.
  const back = Object.entries(after).map(([path, content]): TestMember => [`course/${path}`, content])
  const { artifacts: again } = await importOf(store, back)
  expect(JSON.parse(again.report?.content.toString() ?? '')).toMatchObject({ dropped: [] })
  expect(await exported(store)).toEqual(after)
})

test('a preview tells what would change, and changes nothing', async () => {
  const store = await temporaryStore()
  await importOf(store, first)
  const { artifacts, results } = await importOf(store, second, { input: { preview: true } })
  expect(results.publish).toEqual({ version: null })
  expect(await exported(store)).toEqual(filesOf(first))
  const report = JSON.parse(artifacts.report?.content.toString() ?? '')
  expect(report).toMatchObject({
    preview: true,
    changes: {
      from: 1,
      files: {
        added: ['static/new.txt'],
        changed: ['course.xml', 'policies/assets.json', 'static/other.txt'],
        removed: ['drafts/problem/p.xml', 'static/gone.txt'],
      },
      identities: { count: 1, listed: [{ kind: 'discussion_id', from: 'old-id', to: 'new-id' }] },
    },
  })
  const page = artifacts.page?.content.toString() ?? ''
  expect(page).toContain('Identities that change for learners')
  expect(page).toContain('static/gone.txt')
})

test('strict: an error in the check leaves the course as it was', async () => {
  const store = await temporaryStore()
  await importOf(store, first)
  const failure = await failureOf(importOf(store, second, { input: { strict: true } }))
  expect(failure.code).toBe('course-not-clean')
  expect(await exported(store)).toEqual(filesOf(first))
})

test('versions are listed with who and when, and any kept one can be gone back to', async () => {
  const store = await temporaryStore()
  await importOf(store, first)
  await importOf(store, second)
  const { results } = await runTask(courseRevert, { store, input: { course, version: 1 } })
  expect(results.publish).toEqual({ version: 3 })
  expect(await exported(store)).toEqual(filesOf(first))
  expect(await exported(store, { version: 2 })).toEqual(filesOf(second))
  const { artifacts } = await runTask(courseVersions, { store, input: { course } })
  const { versions } = JSON.parse(artifacts.versions?.content.toString() ?? '')
  expect(versions).toMatchObject([
    { version: 3, current: true, how: 'revert to 1', by: 'Ada', byId: 'p1', files: 6 },
    { version: 2, current: false, how: 'import', files: 5 },
    { version: 1, current: false, how: 'import', files: 6 },
  ])
  for (const { at, task } of versions) expect([Date.parse(at) <= Date.now(), typeof task]).toEqual([true, 'string'])
  expect(versions[2].structure).toBe(versions[0].structure)
  const failure = await failureOf(runTask(courseRevert, { store, input: { course, version: 9 } }))
  expect(failure).toMatchObject({ code: 'course-version-unknown', detail: expect.stringContaining('1, 2, 3') })
})

test.each(['its list of files', 'a file that is read'])(
  'a course of which the storage lost %s can be imported again; only a merge, which needs it, cannot',
  async (what) => {
    const store = await temporaryStore()
    const text = `<problem display_name="P">${'<p>text</p>'.repeat(100_000)}</problem>`
    const unit = '<sequential url_name="s"><vertical url_name="v"><problem url_name="p"/></vertical></sequential>'
    const big: TestMember[] = [
      ['course/course.xml', `${ROOT}${unit}${END}`],
      ['course/problem/p.xml', text],
    ]
    await importOf(store, big, { options: { limits: { ratio: 100_000 } } })
    const structure = (await readRef(store, course))?.versions[0]?.structure ?? ''
    await store.delete(objectKey(what === 'a file that is read' ? sha256(text) : structure))
    const failure = await failureOf(importOf(store, second, { input: { mode: 'merge' } }))
    expect(['course-version-damaged', 'course-file-lost']).toContain(failure.code)
    const { artifacts, log } = await importOf(store, second)
    expect(await exported(store)).toEqual(filesOf(second))
    const report = JSON.parse(artifacts.report?.content.toString() ?? '')
    expect(report).toMatchObject({ changes: null, notCompared: 1 })
    for (const told of [report.summary, artifacts.page?.content.toString(), log[0]]) {
      expect(told).toContain('could not be compared with version 1, which the storage has lost in part')
    }
    expect(report.summary).not.toContain('new here')
    const { artifacts: next } = await importOf(store, first)
    expect(JSON.parse(next.report?.content.toString() ?? '')).toMatchObject({ changes: { from: 2 }, notCompared: null })
  },
)

test('an import that switched has succeeded, also where the storage lets nothing be removed', async () => {
  const locked = new (class extends FolderStore {
    override async delete(key: string): Promise<void> {
      if (key.startsWith('work/') && !key.includes('temporary')) throw new Error('access denied')
      return super.delete(key)
    }
  })((await temporaryStore()).root)
  const { log, results } = await importOf(locked, first)
  expect(results.publish).toMatchObject({ version: 1 })
  expect(log).toContain('What was laid aside could not be removed; a clean-up of the course store does it.')
  expect(await exported(locked)).toEqual(filesOf(first))
  expect((await importOf(locked, second, { input: { preview: true } })).results.publish).toEqual({ version: null })
})

test('what is too much to list is counted, on the page, in the log and where a strict import fails', async () => {
  const name = 'n'.repeat(5_000)
  const blocks = Array.from({ length: 1_501 }, (_, n) => `<html url_name="${name}" display_name="${n}">t</html>`)
  const courseWith = (inside: string[]): TestMember[] => [
    [
      'course/course.xml',
      `${ROOT}<sequential url_name="s"><vertical url_name="v">${inside.join('')}</vertical></sequential>${END}`,
    ],
  ]
  const members = courseWith(blocks)
  const store = await temporaryStore()
  const options = { limits: { ratio: 100_000 } }
  const one = await importOf(store, courseWith(blocks.slice(0, 1)))
  const { levels } = JSON.parse(one.artifacts.report?.content.toString() ?? '')
  const { artifacts, log } = await importOf(store, members, { options })
  const report = JSON.parse(artifacts.report?.content.toString() ?? '')
  // For 1,500 of them the name is taken, which is an error, and they go by another, which is a warning.
  const [errors, warnings] = [levels.ERROR + 1_500, levels.WARNING + 1_500]
  expect(report.levels).toMatchObject({ ERROR: errors, WARNING: warnings })
  expect(report.renamed).toHaveLength(1_000)
  expect(report.renamedCount).toBe(1_500)
  expect(log[0]).toContain(`${errors} errors, ${warnings} warnings`)
  const page = artifacts.page?.content.toString() ?? ''
  expect(page).toContain(`>${errors}</dd>`)
  expect(page).toContain('<li>and 500 more</li>')
  expect(JSON.stringify(report).length + page.length).toBeLessThan(5_000_000)
  const failure = await failureOf(importOf(store, members, { options, input: { strict: true } }))
  expect(failure.title).toContain(`${errors} errors`)
  expect(failure.detail.length).toBeLessThan(1_000)
  // What all of them change is told in short as well.
  const { artifacts: emptied } = await importOf(store, first, { input: { preview: true } })
  expect(emptied.report?.content.length).toBeLessThan(5_000_000)
})

test('only as many versions are kept as the platform says', async () => {
  const store = await temporaryStore()
  for (let count = 0; count < 4; count++) await importOf(store, first, { options: { keptVersions: 2 } })
  const { results } = await runTask(courseVersions, { store, input: { course } })
  expect(results.list).toEqual({ current: 4, versions: 2 })
})

test('the same course under a key that differs by case is refused', async () => {
  const store = await temporaryStore()
  await importOf(store, first)
  const failure = await failureOf(importOf(store, first, { input: { course: 'course-v1:a+B+C' } }))
  expect(failure).toMatchObject({ code: 'course-key-similar', detail: expect.stringContaining(`"${course}"`) })
})

const LONG = 'c'.repeat(220)

test.each([
  ['case of letters with accents', 'course-v1:\u00c9+B+C', 'course-v1:\u00e9+B+C'],
  ['the way accents are written', 'course-v1:\u00e9+B+C', 'course-v1:e\u0301+B+C'],
  ['case, and is so long that it is shortened', `course-v1:Ab+B+${LONG}`, `course-v1:ab+B+${LONG}`],
])('a key that differs by %s is refused, and another is not', async (_what, there, similar) => {
  const store = await temporaryStore()
  await importOf(store, first, { input: { course: there } })
  await importOf(store, second, { input: { course: there } })
  const failure = await failureOf(importOf(store, first, { input: { course: similar } }))
  expect(failure).toMatchObject({ code: 'course-key-similar', detail: expect.stringContaining(`"${there}"`) })
  await importOf(store, first, { input: { course: there.replace('+B+', '+BB+') } })
})

test('an export of a course nobody imported names the key', async () => {
  const failure = await failureOf(runTask(courseExport, { store: await temporaryStore(), input: { course } }))
  expect(failure).toMatchObject({ code: 'course-unknown', detail: expect.stringContaining(course) })
})

const STEPS = ['receive', 'unpack', 'read', 'check', 'store', 'publish']

test.each(STEPS)(
  'an import that dies before or after %s leaves the course as it was or as it should be',
  async (step) => {
    const store = await temporaryStore()
    await importOf(store, first)
    const died = { taskId: 't2', before: (name: string) => void (name === step && die()) }
    await expect(importOf(store, second, died)).rejects.toThrow('killed')
    expect(await exported(store)).toEqual(filesOf(first))
    await importOf(store, second, { taskId: 't2', attempt: 2 })
    await importOf(store, second, { taskId: 't2', attempt: 3 })
    expect(await exported(store)).toEqual(filesOf(second))
    const { results } = await runTask(courseVersions, { store, input: { course } })
    expect(results.list).toEqual({ current: 2, versions: 2 })
  },
)

test('an import whose storage fails, at whatever request, leaves the course as it was or as it should be', async () => {
  const big: TestMember = ['course/static/big.bin', randomBytes(1_500_000)]
  const medium: TestMember = ['course/static/medium.bin', randomBytes(40_000)]
  const after = [...second, big, medium]
  const store = await temporaryStore()
  await importOf(store, first)
  const before = filesOf(first)
  let published = 0
  for (let requests = 0; ; requests++) {
    const failing = new FailingStore(store, requests)
    const taskId = `t${requests}`
    const error = await importOf(failing, after, { taskId }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (error === undefined) break
    // No fault of the archive's: it can be tried again.
    expect(isTaskFailure(error), String(error)).toBe(false)
    const { results } = await runTask(courseVersions, { store, input: { course } })
    if (isCurrent(results.list, 1)) {
      expect(await exported(store)).toEqual(before)
      continue
    }
    // It failed after the switch, while it cleared up.
    published++
    expect(await exported(store)).toEqual(filesOf(after))
    for await (const { key } of store.list(refKey(course))) await store.delete(key)
    await importOf(store, first)
  }
  expect(published).toBeGreaterThan(0)
})

function isCurrent(result: unknown, version: number): boolean {
  return typeof result === 'object' && result !== null && 'current' in result && result.current === version
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function die(): never {
  throw new Error('killed')
}
