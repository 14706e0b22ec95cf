import { artifact, defineTask, upload } from '@errand/task'
import { z } from 'zod'
import { courseKeySchema, kindOfKey } from '../course-key.ts'
import { readIdentity } from '../olx/index.ts'
import { optionsOf } from '../options.ts'
import { currentVersion, readRef } from '../store/course-ref.ts'
import { publishVersion } from '../store/publish-version.ts'
import { assemble, refuseSweptVersion } from './assemble.ts'
import { openCandidate } from './candidate.ts'
import { checkCandidate } from './check.ts'
import { receive } from './receive.ts'
import { notClean, refuseOtherKind, refuseSimilarKey } from './refusals.ts'
import { refusedReportJson, refusedReportPage } from './refused-report.ts'
import { importTexts } from './texts.ts'
import { Unpacker } from './unpack.ts'
import { clearAfter, WorkArea } from './work-area.ts'

const inputSchema = z.object({
  course: courseKeySchema,
  mode: z
    .enum(['replace', 'merge'])
    .default('replace')
    .describe('replace: the course becomes what the archive holds; merge: files that the archive does not hold stay'),
  preview: z
    .boolean()
    .default(false)
    .describe('Stop before the switch, with a report of what would be added, changed and removed'),
  strict: z.boolean().default(false).describe('Stop before the switch when the check finds errors'),
})

/** Puts a course or library from an archive into the store, as a new version; the last step makes it the course. */
export const courseImport = defineTask({
  name: 'course.import',
  version: 1,
  title: 'Import a course',
  description:
    'Replaces a course, or a library, by the one in an archive. Until the last step the course stays as it was, and its earlier versions are kept.',
  input: inputSchema,
  scope: ({ course }) => `course:${course}`,
  // A course's content leaves and changes by those who are responsible for it.
  access: { start: 'staff' },
  unique: ({ course }) => course,
  uploads: {
    archive: upload({ title: 'Course archive', accept: ['.tar.gz', '.tgz', '.zip', '.tar', '.tar.bz2', '.tar.xz'] }),
  },
  artifacts: {
    report: artifact({ title: 'Report', filename: 'report.json', mediaType: 'application/json', visibility: 'team' }),
    page: artifact({ title: 'Report to read', filename: 'report.html', mediaType: 'text/html', visibility: 'team' }),
  },
  notifications: importTexts,
})
  .step('receive', { title: 'Look at the archive' }, async (context) => {
    const work = new WorkArea(context)
    return work.guarded(async () => {
      await refuseSimilarKey(work.store, context.input.course)
      return receive(context.uploads.archive)
    })
  })
  .step('unpack', { title: 'Unpack the archive', after: ['receive'], unit: 'bytes' }, async (context) => {
    const { input, results, uploads, signal } = context
    const work = new WorkArea(context)
    const unpacker = new Unpacker(work, optionsOf(context).limits)
    return work.guarded(() =>
      unpacker.run(uploads.archive, results.receive, kindOfKey(input.course), signal, (packed, members) =>
        context.progress(packed, results.receive.size, `${members} files and folders`),
      ),
    )
  })
  .step('read', { title: 'Read the course', after: ['unpack'] }, async (context) => {
    const { input, results } = context
    const work = new WorkArea(context)
    const ref = await readRef(work.store, input.course)
    const current = ref && currentVersion(ref)
    // All later steps start from this version, whatever else happens to the course meanwhile.
    const base = current ? { version: current.number, structure: current.structure } : null
    const { tree } = await openCandidate(work.store, results.unpack.list, base, input.mode)
    return work.guarded(async () => {
      const identity = await readIdentity(tree)
      refuseOtherKind(identity.kind, input.course)
      return { base, ...identity }
    })
  })
  .step('check', { title: 'Check the course', after: ['unpack', 'read'] }, async (context) => {
    const { input, results, artifacts } = context
    const { store } = new WorkArea(context)
    const candidate = await openCandidate(store, results.unpack.list, results.read.base, input.mode)
    const checked = await checkCandidate(candidate, results.read.base, input)
    await artifacts.report.write(checked.json)
    await artifacts.page.write(checked.page)
    context.log(checked.line)
    return checked.counts
  })
  .step('store', { title: 'Store the course', after: ['unpack', 'read', 'check'], unit: 'files' }, async (context) => {
    const { input, results } = context
    if (input.strict && results.check.errors > 0) throw notClean(results.check.errors, results.check.first)
    if (input.preview) return null
    const work = new WorkArea(context)
    const { tree } = await openCandidate(work.store, results.unpack.list, results.read.base, input.mode)
    const assembled = await assemble(work.store, tree, work.temporary(), (done, total) => {
      context.signal.throwIfAborted()
      context.progress(done, total)
    })
    return { assembled, base: results.read.base?.version ?? null }
  })
  .step('publish', { title: 'Switch to the new version', after: ['store'] }, async (context) => {
    const { input, principal, taskId, results } = context
    const work = new WorkArea(context)
    const log = (message: string): void => context.log(message)
    if (results.store === null) {
      await clearAfter(work, log)
      context.log('A preview: the course is as it was.')
      return { version: null }
    }
    const { assembled, base } = results.store
    await refuseSweptVersion(work.store, assembled.structure)
    const { number } = await publishVersion(
      work.store,
      input.course,
      {
        ...assembled,
        at: new Date().toISOString(),
        by: { id: principal.id, name: principal.name },
        task: taskId,
        how: input.mode === 'merge' ? 'merge' : 'import',
      },
      {
        kept: optionsOf(context).keptVersions,
        // What was merged is gone if the course has become another meanwhile; what was replaced is kept all the same.
        ...(input.mode === 'merge' && base !== null ? { from: base } : {}),
      },
      log,
    )
    await clearAfter(work, log)
    context.log(`Version ${number} is the course now, with ${assembled.files} files.`)
    return { version: number, ...assembled }
  })
  .onFailure({ title: 'Clear up' }, async (context) => {
    const { artifacts, input, results } = context
    const work = new WorkArea(context)
    const refusal = await work.refusal()
    if (refusal && !results.check) {
      await artifacts.report.write(refusedReportJson(input.course, refusal, input.preview))
      await artifacts.page.write(refusedReportPage(input.course, refusal))
    }
    await work.clear()
  })
  .onCancel({ title: 'Clear up' }, (context) => new WorkArea(context).clear())
