import { createHash, randomBytes } from 'node:crypto'
import { isTaskFailure } from '@errand/task'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { courseExport } from '../export/course-export.ts'
import { courseImport } from '../import/course-import.ts'
import { objectKey, refKey } from '../store/object-keys.ts'
import { filesIn, type TestMember, tarGzOf } from '../test-support/archives.ts'
import { MemoryStore } from '../test-support/memory-store.ts'
import { type RunOptions, runTask, uploadOf } from '../test-support/run-task.ts'
import { courseSweep } from './course-sweep.ts'

const course = 'course-v1:A+B+C'
const START = Date.parse('2026-09-01T00:00:00Z')
const asset = (letter: string): Buffer => Buffer.alloc(50_000, letter)
const keyOf = (letter: string): string => objectKey(createHash('sha256').update(asset(letter)).digest('hex'))

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: START }))
afterEach(() => void vi.useRealTimers())
const atDay = (day: number): void => void vi.setSystemTime(START + day * 86_400_000)

async function importAssets(store: MemoryStore, letters: string, more: Partial<RunOptions> = {}): Promise<void> {
  const members: TestMember[] = [['course/course.xml', '<course url_name="R" org="O" course="C"/>']]
  for (const letter of letters) members.push([`course/static/${letter}.bin`, asset(letter)])
  const archive = uploadOf('c.tar.gz', await tarGzOf(members))
  const options = { keptVersions: 1, limits: { ratio: 100_000 } }
  await runTask(courseImport, { store, uploads: { archive }, options, ...more, input: { course } })
}

async function sweep(store: MemoryStore, more: Partial<RunOptions> = {}) {
  const { artifacts, results } = await runTask(courseSweep, { store, input: {}, ...more })
  return { removed: results.remove, report: JSON.parse(artifacts.report?.content.toString() ?? '') }
}

const inExport = async (store: MemoryStore): Promise<string[]> => {
  const { artifacts } = await runTask(courseExport, { store, input: { course } })
  return [...(await filesIn(artifacts.archive?.content ?? Buffer.alloc(0))).keys()]
}

test('what no kept version names is removed, after some days, and nothing else', async () => {
  const store = new MemoryStore()
  await importAssets(store, 'ab')
  await store.put('work/gone/bundle.1', 'left by a worker that is no more')
  atDay(10)
  await importAssets(store, 'bc')
  // The version has only just been let go; an export of it may be under way.
  expect(await sweep(store)).toMatchObject({
    removed: { objects: 1 },
    report: { listed: [{ key: 'work/gone/bundle.1' }] },
  })
  expect(store.keys).toContain(keyOf('a'))
  atDay(18)
  const before = store.keys
  const preview = await sweep(store, { input: { preview: true } })
  expect(preview.report).toMatchObject({ unnamed: { objects: 2 }, removed: { objects: 0 }, afterDays: 7 })
  expect(store.keys.filter((key) => key.startsWith('objects/'))).toEqual(
    before.filter((key) => key.startsWith('objects/')),
  )
  // The asset, and the list of files of the version it was in.
  expect((await sweep(store)).removed).toMatchObject({ objects: 2 })
  expect(store.keys).not.toContain(keyOf('a'))
  expect(await inExport(store)).toEqual(['course/course.xml', 'course/static/b.bin', 'course/static/c.bin'])
  expect((await sweep(store)).removed).toEqual({ objects: 0, bytes: 0 })
})

test('what an import that runs meanwhile needs again is not removed', async () => {
  const store = new MemoryStore()
  await importAssets(store, 'a')
  await importAssets(store, 'b')
  atDay(20)
  const meanwhile = (step: string) => (step === 'remove' ? importAssets(store, 'a') : undefined)
  const { report } = await sweep(store, { before: meanwhile })
  expect(report.listed).toContainEqual({ key: keyOf('a'), size: 50_000 })
  expect(await inExport(store)).toEqual(['course/course.xml', 'course/static/a.bin'])
  expect(store.keys).toContain(keyOf('a'))
})

test('an import that loses a file to a sweep leaves the course as it was, and says so', async () => {
  const store = new MemoryStore()
  await importAssets(store, 'a')
  atDay(20)
  await sweep(store)
  const lose = async (step: string) => {
    if (step === 'store') await store.delete(keyOf('b'))
  }
  const error = await importAssets(store, 'b', { before: lose }).catch((thrown: unknown) => thrown)
  expect(isTaskFailure(error) && [error.code, error.detail]).toEqual([
    'course-file-swept',
    expect.stringContaining('static/b.bin'),
  ])
  expect(await inExport(store)).toEqual(['course/course.xml', 'course/static/a.bin'])
})

test.each([
  ['all it had stored', async (store: MemoryStore) => void (await sweep(store))],
  ['one of its files', (store: MemoryStore) => store.delete(keyOf('b'))],
])(
  'an import that comes to its switch days later, when a sweep took %s, leaves the course as it was',
  async (_what, lose) => {
    const store = new MemoryStore()
    await importAssets(store, 'a')
    const wait = async (step: string) => {
      if (step !== 'publish') return
      atDay(8)
      await lose(store)
    }
    const late = importAssets(store, 'b', { before: wait })
    await expect(late).rejects.toMatchObject({ code: 'course-file-swept' })
    expect(await inExport(store)).toEqual(['course/course.xml', 'course/static/a.bin'])
    await importAssets(store, 'b')
    expect(await inExport(store)).toEqual(['course/course.xml', 'course/static/b.bin'])
  },
)

test('an import that comes to its switch days later, when nothing was taken, is published', async () => {
  const store = new MemoryStore()
  await importAssets(store, 'a')
  await importAssets(store, 'b', { before: (step) => (step === 'publish' ? atDay(8) : undefined) })
  expect(await inExport(store)).toEqual(['course/course.xml', 'course/static/b.bin'])
})

test('a record that cannot be read stops the sweep: nobody knows what it names', async () => {
  const store = new MemoryStore()
  await importAssets(store, 'a')
  await importAssets(store, 'b')
  atDay(20)
  await store.put(refKey('course-v1:X+Y+Z', 1), randomBytes(20))
  await expect(sweep(store)).rejects.toMatchObject({ code: 'course-ref-damaged' })
  await store.delete(refKey('course-v1:X+Y+Z', 1))
  const current = JSON.parse(Buffer.from((await store.get(refKey(course, 2))) ?? []).toString()).versions[0].structure
  await store.delete(objectKey(current))
  await expect(sweep(store)).rejects.toMatchObject({ code: 'course-version-damaged' })
  expect(store.keys).toContain(keyOf('a'))
})
