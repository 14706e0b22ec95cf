import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { courseExport } from './export/course-export.ts'
import { courseImport } from './import/course-import.ts'
import { filesOf } from './pack-folder.ts'
import { packSample, SAMPLE_FOLDER, SAMPLE_KEYS } from './sample.ts'
import { collect, filesIn, temporaryStore } from './test-support/archives.ts'
import { runTask, uploadOf } from './test-support/run-task.ts'

test.each(['course', 'library'] as const)('the sample %s comes back byte for byte', async (kind) => {
  const store = await temporaryStore()
  const course = SAMPLE_KEYS[kind]
  const archive = uploadOf('sample.tar.gz', await collect(packSample(kind)))
  const imported = await runTask(courseImport, { store, input: { course }, uploads: { archive } })
  const report = JSON.parse(imported.artifacts.report?.content.toString() ?? '')
  expect(report.findings.filter(({ level }: { level: string }) => level === 'ERROR')).toEqual([])
  const { artifacts } = await runTask(courseExport, { store, input: { course } })
  const files = await filesIn(artifacts.archive?.content ?? Buffer.alloc(0))
  const paths = await filesOf(join(SAMPLE_FOLDER, kind))
  expect([...files.keys()]).toEqual(paths.map((path) => `${kind}/${path}`))
  for (const path of paths) {
    expect(files.get(`${kind}/${path}`)?.equals(await readFile(join(SAMPLE_FOLDER, kind, path))), path).toBe(true)
  }
})
