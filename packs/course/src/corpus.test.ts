import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isTaskFailure } from '@errand/task'
import { expect, test } from 'vitest'
import { courseExport } from './export/course-export.ts'
import { courseImport } from './import/course-import.ts'
import { filesOf, packFolder } from './pack-folder.ts'
import { collect, filesIn, temporaryStore } from './test-support/archives.ts'
import { type RunResult, runTask, uploadOf } from './test-support/run-task.ts'

const CORPUS = join(import.meta.dirname, '../../../../shared/corpus')
const present = existsSync(CORPUS)
if (!present) console.log(`Skipped: the courses to try are not at ${CORPUS}.`)

/** Courses that cannot be imported, and why. */
const REFUSED: Readonly<Record<string, string>> = { 'olxcleaner-testcourse2': 'course-root-missing' }

const names = present ? readdirSync(CORPUS).filter((name) => name !== 'archives' && name !== 'INDEX.md') : []

test.runIf(present).each(names)('%s comes back file for file', async (name) => {
  const folder = join(CORPUS, name)
  const kind = existsSync(join(folder, 'library.xml')) ? 'library' : 'course'
  const course = kind === 'course' ? 'course-v1:A+B+C' : 'library-v1:A+B'
  const store = await temporaryStore()
  const archive = uploadOf(`${name}.tar.gz`, await collect(packFolder(folder)))
  let imported: RunResult
  try {
    imported = await runTask(courseImport, { store, input: { course }, uploads: { archive } })
  } catch (error) {
    if (!isTaskFailure(error)) throw error
    expect(error.code, error.message).toBe(REFUSED[name])
    return
  }
  expect(imported.results.publish).toMatchObject({ version: 1 })
  const exported = await runTask(courseExport, { store, input: { course } })
  const files = await filesIn(exported.artifacts.archive?.content ?? Buffer.alloc(0))
  for (const path of await filesOf(folder)) {
    const back = files.get(`${kind}/${path}`)
    expect(back, path).toBeDefined()
    expect(back?.equals(await readFile(join(folder, path))), path).toBe(true)
  }
})
