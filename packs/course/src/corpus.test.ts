import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { isTaskFailure } from '@errand/task'
import { afterAll, expect, test } from 'vitest'
import { junkReason } from './archive/junk.ts'
import { LimitGuard } from './archive/limits.ts'
import { memberPath } from './archive/member-path.ts'
import { readTar } from './archive/read-tar.ts'
import { courseExport } from './export/course-export.ts'
import { courseImport } from './import/course-import.ts'
import { DEFAULT_LIMITS } from './options.ts'
import { filesOf, packFolder } from './pack-folder.ts'
import { collect, filesIn, temporaryStore } from './test-support/archives.ts'
import { runTask, uploadOf } from './test-support/run-task.ts'

const CORPUS = join(import.meta.dirname, '../../../../shared/corpus')
const present = existsSync(CORPUS)
if (!present) console.log(`Skipped: the courses to try are not at ${CORPUS}.`)

const folders = present ? readdirSync(CORPUS).filter((name) => name !== 'archives' && name !== 'INDEX.md') : []
const archives = present ? readdirSync(join(CORPUS, 'archives')) : []

test.skipIf(!present)('there are courses to try', () => expect(folders).not.toEqual([]))

/** What cannot be imported, and the failure that says why. */
const REFUSED: Readonly<Record<string, string>> = { 'olxcleaner-testcourse2': 'course-root-missing' }

const outcomes: [name: string, outcome: string][] = []
afterAll(() => {
  const width = Math.max(0, ...outcomes.map(([name]) => name.length))
  if (present) console.log(outcomes.map(([name, outcome]) => `${name.padEnd(width)}  ${outcome}`).join('\n'))
})

/** Files of a course by path: those that are its own, and what others left there. */
interface Held {
  expected: Map<string, Buffer>
  junk: string[]
}

/** Imports, exports, imports and exports again. What comes back must be what went in; the report names what does not. */
async function tryOut(name: string, archive: Buffer, { expected, junk }: Held) {
  const kind = expected.has('library.xml') ? 'library' : 'course'
  const course = kind === 'course' ? 'course-v1:A+B+C' : 'library-v1:A+B'
  const run = async (
    content: Buffer,
  ): Promise<{ archive: Buffer; report: { levels: object; notes: { path: string }[] } }> => {
    const store = await temporaryStore()
    const uploads = { archive: uploadOf(name, content) }
    const { artifacts } = await runTask(courseImport, { store, input: { course }, uploads })
    const exported = await runTask(courseExport, { store, input: { course } })
    return {
      archive: exported.artifacts.archive?.content ?? Buffer.alloc(0),
      report: JSON.parse(artifacts.report?.content.toString() ?? ''),
    }
  }
  try {
    const first = await run(archive)
    const files = await filesIn(first.archive)
    expect([...files.keys()].sort()).toEqual([...expected.keys()].map((path) => `${kind}/${path}`).sort())
    for (const [path, content] of expected) expect(files.get(`${kind}/${path}`)?.equals(content), path).toBe(true)
    for (const path of junk)
      expect(
        first.report.notes.some((note) => note.path.endsWith(path)),
        path,
      ).toBe(true)
    const again = await run(first.archive)
    expect(again.archive.equals(first.archive)).toBe(true)
    const levels = Object.entries(first.report.levels).map(([level, count]) => `${level} ${count}`)
    outcomes.push([
      name,
      `equal file for file (${files.size} files; ${levels.join(', ')}; ${first.report.notes.length} notes)`,
    ])
    expect(REFUSED[name]).toBeUndefined()
  } catch (error) {
    if (!isTaskFailure(error)) throw error
    outcomes.push([name, `understandable failure: ${error.message}`])
    expect(error.code, error.message).toBe(REFUSED[name])
  }
}

test.runIf(present).each(folders)('%s comes back file for file, twice', async (name) => {
  const folder = join(CORPUS, name)
  const held: Held = { expected: new Map(), junk: [] }
  for (const path of await filesOf(folder)) {
    if (junkReason(path)) held.junk.push(path)
    else held.expected.set(path, await readFile(join(folder, path)))
  }
  await tryOut(name, await collect(packFolder(folder)), held)
})

test.runIf(present).each(archives)('the archive %s comes back file for file, without junk', async (name) => {
  const content = await readFile(join(CORPUS, 'archives', name))
  const kind = content[0] === 0x1f ? 'tar.gz' : 'tar'
  const held: Held = { expected: new Map(), junk: [] }
  const source = Readable.from([content], { objectMode: false })
  for await (const member of readTar(source, kind, new LimitGuard({ ...DEFAULT_LIMITS, ratio: 10_000 }))) {
    const path = memberPath(member.name)
    if (member.type !== 'file') continue
    if (junkReason(path)) held.junk.push(path)
    else held.expected.set(path.slice(path.indexOf('/') + 1), await collect(member.content))
  }
  expect(held.expected.size).toBeGreaterThan(0)
  await tryOut(name, content, held)
})
