import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { isTaskFailure } from '@errand/task'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { ZipFile } from 'yazl'
import { courseExport } from '../export/course-export.ts'
import { collect, filesIn, type TestMember, tarOf } from '../test-support/archives.ts'
import { generatedCourse, mutatedCourse } from '../test-support/generated-course.ts'
import { collectGarbage, heldMost } from '../test-support/memory.ts'
import { MemoryStore } from '../test-support/memory-store.ts'
import { runTask, type TestUpload, uploadOf } from '../test-support/run-task.ts'
import { courseImport } from './course-import.ts'

/** Enough to find what is easily found; as often as was asked for when there is time. */
const RUNS = Number(process.env.ERRAND_PROPERTY_RUNS ?? (process.env.ERRAND_LONG === '1' ? 2_000 : 150))
// Each takes tens of milliseconds, and more beside other work on a slow machine.
vi.setConfig({ testTimeout: Math.max(60_000, RUNS * 600) })

const course = 'course-v1:A+B+C'
type Files = ReadonlyMap<string, Buffer>

const memory = heldMost()
afterEach(() => memory.check())

/** The files that come back after import and export, or the failure that a user would see. */
async function roundTrip(archive: Uint8Array): Promise<Files | { failure: string }> {
  const store = new MemoryStore()
  memory.look()
  try {
    await runTask(courseImport, { store, input: { course }, uploads: { archive: uploadOf('a', archive) } })
  } catch (error) {
    if (!isTaskFailure(error)) throw error
    expect(error.hint, error.message).toBeTruthy()
    return { failure: error.code }
  }
  const { artifacts } = await runTask(courseExport, { store, input: { course } })
  const files = await filesIn(artifacts.archive?.content ?? Buffer.alloc(0))
  return new Map([...files].map(([path, content]) => [path.slice('course/'.length), content]))
}

const name = fc
  .string({
    unit: fc.constantFrom('a', 'b', 'Z', '7', '-', '_', '.', ' ', 'é', 'e\u0301', 'ß', '潮', '😀', '–'),
    minLength: 1,
    maxLength: 12,
  })
  .filter((text) => !/^\.+$|~$|^\._|^\.DS_Store$|\.sw[a-p]$/.test(text) && text.trim() !== '')
const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.constantFrom(
    '<html filename="a"/>',
    '<problem><p>a</problem>',
    '<vertical><html url_name="x"/></vertical>',
    '{"a": [1]}',
    '\ufeff<a/>',
  ),
)
const content = fc.oneof(
  text.map((value) => Buffer.from(value)),
  fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
)
const folder = fc.constantFrom(
  'html',
  'problem',
  'vertical',
  'chapter',
  'drafts/vertical',
  'drafts/problem',
  'static',
  'static/sub',
  'about',
  'policies',
  'policies/R',
  'tabs',
  'info',
  'anything',
  'anything/new',
)
const attribute = fc.tuple(fc.constantFrom('display_name', 'start', 'graded', 'odd'), fc.string({ maxLength: 20 }))

/** A course of any files: what they hold may be anything, and often is no XML where XML is expected. */
const generated: fc.Arbitrary<Map<string, Buffer>> = fc
  .record({
    files: fc.array(fc.tuple(folder, name, fc.constantFrom('.xml', '.html', '.json', ''), content), { maxLength: 15 }),
    attributes: fc.uniqueArray(attribute, { selector: ([key]) => key, maxLength: 3 }),
  })
  .map(({ files, attributes }) => {
    const written = attributes.map(([key, value]) => ` ${key}="${value.replaceAll(/[^\p{L}\p{N} ]/gu, '_')}"`).join('')
    const made = new Map([
      ['course.xml', Buffer.from(`<course url_name="R" org="O" course="C"${written}><chapter url_name="a"/></course>`)],
    ])
    for (const [place, file, ending, bytes] of files) made.set(`${place}/${file}${ending}`, bytes)
    // A name that is both a file and a folder cannot be in one archive.
    for (const path of [...made.keys()])
      if ([...made.keys()].some((other) => other.startsWith(`${path}/`))) made.delete(path)
    return made
  })

const tar = (files: Files): Promise<Buffer> =>
  tarOf([...files].map(([path, bytes]): TestMember => [{ name: `course/${path}`, size: bytes.length }, bytes]))

async function zip(files: Files): Promise<Buffer> {
  const made = new ZipFile()
  for (const [path, bytes] of files) made.addBuffer(bytes, `course/${path}`)
  made.end()
  return collect(made.outputStream as unknown as AsyncIterable<Uint8Array>)
}

/** Changes to the bytes of an archive: some overwritten, a stretch left out, the end cut off. */
const mutation = fc.record({
  writes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
  cut: fc.option(fc.tuple(fc.nat(), fc.nat(700))),
  length: fc.option(fc.nat()),
})

function mutate(
  archive: Buffer,
  { writes, cut, length }: { writes: [number, number][]; cut: [number, number] | null; length: number | null },
): Buffer {
  let bytes = Buffer.from(archive)
  for (const [at, value] of writes) bytes[at % bytes.length] = value
  if (cut)
    bytes = Buffer.concat([bytes.subarray(0, cut[0] % bytes.length), bytes.subarray((cut[0] % bytes.length) + cut[1])])
  return length === null ? bytes : bytes.subarray(0, length % (bytes.length + 1))
}

const sorted = (files: Files): [string, string][] =>
  [...files]
    .map(([path, bytes]): [string, string] => [path, bytes.toString('base64')])
    .sort(([a], [b]) => (a < b ? -1 : 1))

test('any files at all come back as they went in, from a tar and from a zip', async () => {
  await fc.assert(
    fc.asyncProperty(generated, fc.boolean(), async (files, zipped) => {
      const back = await roundTrip(zipped ? await zip(files) : gzipSync(await tar(files)))
      if (!(back instanceof Map)) throw new Error(JSON.stringify(back))
      expect(sorted(back)).toEqual(sorted(files))
    }),
    { numRuns: RUNS },
  )
})

/** What may be refused of a course whose files hold anything: names that lead elsewhere, and nothing that could be a course. */
const REFUSED = [
  'archive-path-escapes',
  'archive-path-invalid',
  'course-root-missing',
  'course-kind-mismatch',
  'course-root-unreadable',
]

test.each([
  ['any tree of blocks, with any attributes, drafts and policies', generatedCourse],
  ['a sound course with some bytes of its files changed', mutatedCourse],
])('%s comes back as it went in, or is refused with a reason', async (_what, courses) => {
  await fc.assert(
    fc.asyncProperty(courses as fc.Arbitrary<Record<string, string | Uint8Array>>, async (course) => {
      const files = new Map(
        Object.entries(course)
          // What lies outside of the course's folder is left out, and the report names it: a test of the archive's.
          .filter(([path]) => !path.includes('..'))
          .map(([path, bytes]) => [path, Buffer.from(bytes as Uint8Array)]),
      )
      const back = await roundTrip(gzipSync(await tar(files)))
      if ('failure' in back) expect(REFUSED).toContain(back.failure)
      else expect(sorted(back)).toEqual(sorted(files))
    }),
    { numRuns: RUNS },
  )
})

test('a changed .tar.gz is refused, or comes back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(generated, mutation, async (files, change) => {
      const back = await roundTrip(mutate(gzipSync(await tar(files)), change))
      if (back instanceof Map) expect(sorted(back)).toEqual(sorted(files))
    }),
    { numRuns: RUNS },
  )
})

test('a changed tar, which has no checksum of its contents, is refused or read as any tar program would', async () => {
  await fc.assert(
    fc.asyncProperty(generated, mutation, async (files, change) => {
      await roundTrip(mutate(await tar(files), change))
    }),
    { numRuns: RUNS },
  )
})

test('a changed zip is refused, or holds nothing that was not in it', async () => {
  await fc.assert(
    fc.asyncProperty(generated, mutation, async (files, change) => {
      const back = await roundTrip(mutate(await zip(files), change))
      if (!(back instanceof Map)) return
      const contents = new Set([...files.values()].map((bytes) => bytes.toString('base64')))
      for (const [path, bytes] of back) expect(contents.has(bytes.toString('base64')), path).toBe(true)
    }),
    { numRuns: RUNS },
  )
})

/** Bytes that may be held at once while a big archive streams: 16 writes of 1 MiB, and what is on its way. */
const MEMORY_BOUND = 64 * 2 ** 20

test('an archive of 600 MB streams through within a bound of memory', async () => {
  const store = new MemoryStore(8 * 2 ** 20)
  const block = randomBytes(2 ** 20)
  const files = 6
  // Without what is only not collected yet, of which there is more the busier the machine is.
  const held = (): number => {
    collectGarbage()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const start = held()
  let peak = 0
  async function* archive(): AsyncGenerator<Uint8Array> {
    const head = await tarOf([['course/course.xml', '<course url_name="R" org="O" course="C"/>']])
    yield head.subarray(0, -1024)
    for (let file = 0; file < files; file++) {
      const member = await tarOf([[{ name: `course/static/${file}.bin` }, Buffer.alloc(0)]])
      yield sized(member.subarray(0, 512), 100 * block.length)
      for (let part = 0; part < 100; part++) {
        block.writeUInt32LE(file, 0)
        if (part % 20 === 0) peak = Math.max(peak, held() - start)
        yield Buffer.from(block)
      }
    }
    yield Buffer.alloc(1024)
  }
  const readable: TestUpload['readable'] = () => Readable.from(archive(), { objectMode: false })
  const upload = { filename: 'big.tar', size: files * 100 * block.length, readable }
  const { results } = await runTask(courseImport, { store, input: { course }, uploads: { archive: upload } })
  expect(results.publish).toMatchObject({ version: 1, files: files + 1 })
  console.log(`Peak of ${Math.round(peak / 2 ** 20)} MiB above the start for an archive of 600 MiB.`)
  expect(peak).toBeLessThan(MEMORY_BOUND)
})

/** A tar header with another size, and the checksum that goes with it. */
function sized(header: Uint8Array, size: number): Buffer {
  const made = Buffer.from(header)
  made.write(`${size.toString(8).padStart(11, '0')} `, 124, 'latin1')
  made.write('        ', 148, 'latin1')
  const sum = made.reduce((total, byte) => total + byte, 0)
  made.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return made
}
