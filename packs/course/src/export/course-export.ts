import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'
import { courseKeySchema, kindOfKey } from '../course-key.ts'
import { coursesOf } from '../import/work-area.ts'
import { currentVersion, keptVersion, readRef, unknownCourse } from '../store/course-ref.ts'
import { StoredTree } from '../store/stored-tree.ts'
import { readStructure } from '../store/structure.ts'
import { packTree } from './pack-tree.ts'
import { prepare } from './prepare.ts'
import { type Redaction, redactSecrets } from './redact.ts'
import { exportTexts } from './texts.ts'

const inputSchema = z.object({
  course: courseKeySchema,
  version: z.int().min(1).optional().describe('The number of a kept version; without it, the course as it is'),
  drafts: z.boolean().default(true).describe('Whether changes that are not published yet go along'),
  redact: z.boolean().default(false).describe('Take out LTI passports and other secrets; the report lists them'),
})

/** Writes a course or library as an archive that can be imported here and elsewhere. */
export const courseExport = defineTask({
  name: 'course.export',
  version: 1,
  title: 'Export a course',
  description: 'Writes a course, or a library, as a .tar.gz archive that can be imported again.',
  input: inputSchema,
  scope: ({ course }) => `course:${course}`,
  // A course's content leaves and changes by those who are responsible for it.
  access: { start: 'staff' },
  artifacts: {
    archive: artifact<z.output<typeof inputSchema>>({
      title: 'Course archive',
      filename: ({ course }) => archiveName(course),
      mediaType: 'application/gzip',
      visibility: 'team',
    }),
    report: artifact({ title: 'Report', filename: 'report.json', mediaType: 'application/json', visibility: 'team' }),
  },
  notifications: exportTexts,
})
  .step('snapshot', { title: 'Choose the version' }, async (context) => {
    const { course, version } = context.input
    const ref = await readRef(coursesOf(context), course)
    if (!ref) throw unknownCourse(course)
    const { number, structure, files, bytes } = version === undefined ? currentVersion(ref) : keptVersion(ref, version)
    return { version: number, structure, files, bytes }
  })
  .step('write', { title: 'Gather the files', after: ['snapshot'], unit: 'files' }, async (context) => {
    const store = coursesOf(context)
    const tree = StoredTree.of(store, await readStructure(store, context.results.snapshot.structure))
    return prepare(store, tree, (done, total) => context.progress(done, total))
  })
  .step('package', { title: 'Pack the archive', after: ['snapshot', 'write'], unit: 'bytes' }, async (context) => {
    const { input, results, artifacts } = context
    const { snapshot, write } = results
    const store = coursesOf(context)
    const tree = StoredTree.of(store, await readStructure(store, snapshot.structure))
    const missing = new Set(write.missing)
    const drafts = input.drafts ? [] : tree.paths.filter((path) => path.startsWith('drafts/'))
    const left = new Set([...missing, ...drafts])
    const redactions: Redaction[] = []
    const contents = input.redact
      ? await redactSecrets(tree, (redaction) => redactions.push(redaction))
      : new Map<string, Uint8Array>()
    const files = tree.paths
      .filter((path) => !left.has(path))
      .map((path) => {
        const content = contents.get(path)
        return content ? { path, content } : { path }
      })
    const archive = packTree(store, tree, files, kindOfKey(input.course), (done) => {
      context.signal.throwIfAborted()
      context.progress(done, snapshot.bytes)
    })
    const { filename, size, sha256 } = await artifacts.archive.write(archive)
    const report = { course: input.course, version: snapshot.version, files: files.length, missing: write.missing }
    await artifacts.report.write(
      `${JSON.stringify({ format: 1, ...report, draftsLeftOut: drafts, redacted: redactions }, null, 2)}\n`,
    )
    context.log(summary(files.length, missing.size, redactions.length))
    return { filename, size, sha256, files: files.length }
  })

function summary(files: number, missing: number, redacted: number): string {
  const lost = missing === 0 ? '' : ` ${missing} files could not be read from storage; the report lists them.`
  const secrets = redacted === 0 ? '' : ` ${redacted} secrets were taken out; the report lists them.`
  return `${files} files were packed.${lost}${secrets}`
}

/** Names every file system takes: what else a key may hold becomes `_`. */
function archiveName(course: string): string {
  return `${course.replaceAll(/[^\p{L}\p{N}._+~-]/gu, '_')}.tar.gz`
}
