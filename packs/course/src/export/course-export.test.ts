import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ByteRange, ObjectInfo } from '@errand/task'
import { expect, test } from 'vitest'
import { courseImport } from '../import/course-import.ts'
import { packSample, SAMPLE_KEYS } from '../sample.ts'
import { objectKey } from '../store/object-keys.ts'
import { collect, filesIn, tarGzOf, temporaryStore } from '../test-support/archives.ts'
import { FolderStore } from '../test-support/folder-store.ts'
import { runTask, uploadOf } from '../test-support/run-task.ts'
import { courseExport } from './course-export.ts'

const { course } = SAMPLE_KEYS

async function withSample(): Promise<FolderStore> {
  const store = await temporaryStore()
  const archive = uploadOf('sample.tar.gz', await collect(packSample()))
  await runTask(courseImport, { store, input: { course }, uploads: { archive } })
  return store
}

async function exported(store: FolderStore, input: object = {}) {
  const { artifacts } = await runTask(courseExport, { store, input: { course, ...input } })
  const archive = artifacts.archive?.content ?? Buffer.alloc(0)
  const report = JSON.parse(artifacts.report?.content.toString() ?? '')
  return { archive, filename: artifacts.archive?.filename, report, files: await filesIn(archive) }
}

test('the same version makes the same bytes, in another store too', async () => {
  const store = await withSample()
  const { archive, filename } = await exported(store)
  expect(filename).toBe('course-v1_Errand+TIDES101+2026.tar.gz')
  expect((await exported(store)).archive.equals(archive)).toBe(true)
  const other = await temporaryStore()
  await runTask(courseImport, {
    store: other,
    input: { course },
    uploads: { archive: uploadOf('again.tar.gz', archive) },
  })
  expect((await exported(other)).archive.equals(archive)).toBe(true)
  expect([...archive.subarray(4, 8)]).toEqual([0, 0, 0, 0])
})

test('published only: drafts are left out and listed', async () => {
  const { files, report } = await exported(await withSample(), { drafts: false })
  expect([...files.keys()].filter((path) => path.includes('/drafts/'))).toEqual([])
  expect(report.draftsLeftOut).toContain('drafts/vertical/storm-surges.xml')
})

test('secrets are taken out where that is asked for, and listed', async () => {
  const store = await withSample()
  expect((await exported(store)).files.get('course/policies/2026/policy.json')?.toString()).toContain(
    'not-a-real-secret',
  )
  const { files, report } = await exported(store, { redact: true })
  expect(report.redacted).toEqual([{ file: 'policies/2026/policy.json', setting: 'lti_passports' }])
  const policy = JSON.parse(files.get('course/policies/2026/policy.json')?.toString() ?? '')
  expect(policy['course/2026'].lti_passports).toEqual(['predictor:REDACTED:REDACTED', 'charts:REDACTED:REDACTED'])
  expect(Buffer.concat([...files.values()]).includes('not-a-real-secret')).toBe(false)
})

test('a file the storage has lost does not stop the export: the rest is written, and the report names it', async () => {
  const store = await temporaryStore()
  const archive = await tarGzOf([
    ['course/course.xml', '<course url_name="R" org="O" course="C"/>'],
    ['course/static/lost.bin', randomBytes(100_000)],
    ['course/static/there.bin', randomBytes(100_000)],
  ])
  await runTask(courseImport, { store, input: { course }, uploads: { archive: uploadOf('c.tar.gz', archive) } })
  const { files: before } = await exported(store)
  const sha256 = createHash('sha256')
    .update(before.get('course/static/lost.bin') ?? '')
    .digest('hex')
  await store.delete(objectKey(sha256))
  const { report, files } = await exported(store)
  expect(report.missing).toEqual(['static/lost.bin'])
  expect([...files.keys()]).toEqual(['course/course.xml', 'course/static/there.bin'])
})

/** A store in which some objects are there and cannot be read: at all, or from some byte on. */
class DamagedStore extends FolderStore {
  readonly damaged = new Map<string, number>()

  override read(key: string, range?: ByteRange): Readable {
    const good = this.damaged.get(key)
    if (good === undefined) return super.read(key, range)
    const source = good > 0 ? super.read(key, { start: 0, end: good }) : []
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* source
      throw new Error('input/output error')
    }
    return Readable.from(broken(), { objectMode: false })
  }

  override async get(key: string): Promise<Uint8Array | undefined> {
    if (this.damaged.has(key)) throw new Error('input/output error')
    return super.get(key)
  }

  override async stat(key: string): Promise<ObjectInfo | undefined> {
    if (this.damaged.get(key) === -1) throw new Error('input/output error')
    return super.stat(key)
  }
}

test('files that are there and cannot be read, or only in part, do not stop the export either', async () => {
  const store = new DamagedStore((await temporaryStore()).root)
  const sizes = { small: 100_000, never: 1_500_000, torn: 3_000_000, unseen: 50_000, fine: 1_200_000 }
  const contents = new Map(Object.entries(sizes).map(([name, size]) => [`static/${name}.bin`, randomBytes(size)]))
  const members = [...contents].map(([path, content]): [string, Buffer] => [`course/${path}`, content])
  const archive = await tarGzOf([['course/course.xml', '<course url_name="R" org="O" course="C"/>'], ...members])
  await runTask(courseImport, { store, input: { course }, uploads: { archive: uploadOf('c.tar.gz', archive) } })
  const damage = (name: string, good: number) => {
    const content = contents.get(`static/${name}.bin`) ?? ''
    store.damaged.set(objectKey(createHash('sha256').update(content).digest('hex')), good)
  }
  damage('small', 0)
  damage('never', 0)
  damage('torn', 2_000_000)
  damage('unseen', -1)
  for (const redact of [false, true]) {
    const { report, files } = await exported(store, { redact })
    expect(report.missing).toEqual(['never', 'small', 'torn', 'unseen'].map((name) => `static/${name}.bin`))
    expect(report.files).toBe(2)
    expect([...files.keys()]).toEqual(['course/course.xml', 'course/static/fine.bin'])
    expect(files.get('course/static/fine.bin')?.equals(contents.get('static/fine.bin') ?? Buffer.alloc(0))).toBe(true)
  }
})

test('of a great many lost files all are left out and listed, though a result of a step could not hold their names', async () => {
  const store = await temporaryStore()
  const lost = randomBytes(20_000)
  const folders = `${'n'.repeat(200)}/`.repeat(14)
  const names = Array.from({ length: 400 }, (_, n) => `static/${folders}${String(n).padStart(3, '0')}.bin`)
  const archive = await tarGzOf([
    ['course/course.xml', '<course url_name="R" org="O" course="C"/>'],
    ...names.map((name): [string, Buffer] => [`course/${name}`, lost]),
    ['course/static/there.bin', randomBytes(100_000)],
  ])
  await runTask(courseImport, {
    store,
    input: { course },
    uploads: { archive: uploadOf('c.tar.gz', archive) },
    options: { limits: { ratio: 100_000 } },
  })
  await store.delete(objectKey(createHash('sha256').update(lost).digest('hex')))
  const { artifacts, results } = await runTask(courseExport, { store, input: { course } })
  expect(JSON.stringify(results.write).length).toBeLessThan(1024 * 1024)
  expect(results.write).toMatchObject({ lost: names.length })
  expect(JSON.parse(artifacts.report?.content.toString() ?? '').missing).toEqual(names)
  const files = await filesIn(artifacts.archive?.content ?? Buffer.alloc(0))
  expect([...files.keys()]).toEqual(['course/course.xml', 'course/static/there.bin'])
})
