import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'
import { courseKeySchema, kindOfKey } from '../course-key.ts'
import { coursesOf } from '../import/work-area.ts'
import { currentVersion, keptVersion, readRef, unknownCourse } from '../store/course-ref.ts'
import { StoredTree } from '../store/stored-tree.ts'
import { readStructure } from '../store/structure.ts'
import { packTree } from './pack-tree.ts'
import { prepare } from './prepare.ts'
import { type Redacted, redactSecrets } from './redact.ts'
import { exportTexts } from './texts.ts'

/** Characters of the list of lost files in a result, which may have 1 MiB: three bytes each at most, and some room. */
const MISSING_IN_RESULT = 256 * 1024

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
    const { files, missing } = await prepare(store, tree, (done, total) => context.progress(done, total))
    // Where half the storage is lost the list is too long for a result, and is made again where it is needed.
    const fits = JSON.stringify(missing).length <= MISSING_IN_RESULT
    return { files, lost: missing.length, missing: fits ? missing : null }
  })
  .step('package', { title: 'Pack the archive', after: ['snapshot', 'write'], unit: 'bytes' }, async (context) => {
    const { input, results, artifacts, signal } = context
    const { snapshot, write } = results
    const store = coursesOf(context)
    const tree = StoredTree.of(store, await readStructure(store, snapshot.structure))
    const drafts = input.drafts ? [] : tree.paths.filter((path) => path.startsWith('drafts/'))
    const known = write.missing ?? (await prepare(store, tree, () => signal.throwIfAborted())).missing
    const missing = new Set(known)
    const lost = async (path: string, cause: unknown) => {
      // Without the storage nothing can be exported, and it is no fault of the file's.
      if (!(await tree.answers())) throw cause
      missing.add(path)
    }
    const wanted = (): string[] => {
      const left = new Set([...missing, ...drafts])
      return tree.paths.filter((path) => !left.has(path))
    }
    const redacted = input.redact ? await redactSecrets(tree, wanted(), lost) : NOTHING_REDACTED
    const progress = (done: number) => {
      signal.throwIfAborted()
      context.progress(done, snapshot.bytes)
    }
    const pack = () => {
      const files = wanted().map((path) => {
        const content = redacted.contents.get(path)
        return content ? { path, content } : { path }
      })
      return artifacts.archive.write(packTree(store, tree, files, kindOfKey(input.course), { progress, lost }))
    }
    const { filename, size, sha256 } = await withoutLost(missing, signal, pack)
    const report = {
      format: 1,
      course: input.course,
      version: snapshot.version,
      files: wanted().length,
      missing: [...missing].sort(),
      draftsLeftOut: drafts,
      redacted: redacted.redactions,
      notSearched: redacted.notSearched,
    }
    await artifacts.report.write(`${JSON.stringify(report, null, 2)}\n`)
    context.log(summary(report))
    return { filename, size, sha256, files: report.files }
  })

const NOTHING_REDACTED: Redacted = { contents: new Map(), redactions: [], notSearched: [] }

/** Again, where a file turned out to be lost when a part of it was in the archive already; each time there is one file less. */
async function withoutLost<Result>(
  missing: ReadonlySet<string>,
  signal: AbortSignal,
  pack: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    const before = missing.size
    try {
      return await pack()
    } catch (error) {
      if (missing.size === before || signal.aborted) throw error
    }
  }
}

/** For the activity log. */
function summary(
  report: Record<'missing' | 'redacted' | 'notSearched', readonly unknown[]> & { files: number },
): string {
  const lines = [`${report.files} files were packed.`]
  const add = (list: readonly unknown[], what: string) => {
    if (list.length > 0) lines.push(`${list.length} ${what}; the report lists them.`)
  }
  add(report.missing, 'files could not be read from storage')
  add(report.redacted, 'secrets were taken out')
  add(report.notSearched, 'files could not be searched for secrets, and are as they were')
  return lines.join(' ')
}

/** Names every file system takes: what else a key may hold becomes `_`. */
function archiveName(course: string): string {
  return `${course.replaceAll(/[^\p{L}\p{N}._+~-]/gu, '_')}.tar.gz`
}
