import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'
import { coursesOf, readWork, WorkArea } from '../import/work-area.ts'
import { optionsOf } from '../options.ts'
import { DAY_MS } from '../store/age.ts'
import { findUnnamed, removeUnnamed } from '../store/sweep.ts'

/** Objects listed in the report; of more only the number is told. */
const LISTED = 10_000

const listSchema = z.array(z.object({ key: z.string(), size: z.int() }))

/** Removes from the store what no kept version of any course needs any more. To be run now and then, at any time. */
export const courseSweep = defineTask({
  name: 'course.sweep',
  version: 1,
  title: 'Clear up the course store',
  description: 'Removes files that no kept version of any course or library needs any more, and has not for some days.',
  input: z.object({
    preview: z.boolean().default(false).describe('Only tell what would be removed'),
  }),
  scope: () => 'courses',
  unique: () => 'store',
  artifacts: {
    report: artifact({ title: 'Report', filename: 'sweep.json', mediaType: 'application/json', visibility: 'team' }),
  },
})
  .step('look', { title: 'Look for what nothing needs', unit: 'folders' }, async (context) => {
    const work = new WorkArea(context)
    const after = optionsOf(context).sweepAfterDays * DAY_MS
    const { objects, remove } = await findUnnamed(work.store, after, (done, total) => {
      context.signal.throwIfAborted()
      context.progress(done, total)
    })
    const list = work.key('unnamed')
    await work.store.put(list, JSON.stringify(remove.map(({ key, size }) => ({ key, size }))))
    return { list, objects, unnamed: remove.length }
  })
  .step('remove', { title: 'Remove it', after: ['look'], unit: 'objects' }, async (context) => {
    const { input, results, artifacts } = context
    const store = coursesOf(context)
    const days = optionsOf(context).sweepAfterDays
    const list = await readWork(store, results.look.list, listSchema)
    const removed = input.preview
      ? { objects: 0, bytes: 0 }
      : await removeUnnamed(store, list, days * DAY_MS, (done, total) => {
          context.signal.throwIfAborted()
          context.progress(done, total)
        })
    const bytes = list.reduce((sum, { size }) => sum + size, 0)
    const report = { objects: results.look.objects, unnamed: { objects: list.length, bytes }, removed, afterDays: days }
    await artifacts.report.write(
      `${JSON.stringify({ format: 1, ...report, listed: list.slice(0, LISTED) }, null, 2)}\n`,
    )
    await new WorkArea(context).clear()
    context.log(
      input.preview
        ? `${list.length} of ${results.look.objects} objects are needed by nothing (${bytes} bytes).`
        : `${removed.objects} of ${results.look.objects} objects were removed (${removed.bytes} bytes).`,
    )
    return removed
  })
  .onFailure({ title: 'Clear up' }, (context) => new WorkArea(context).clear())
  .onCancel({ title: 'Clear up' }, (context) => new WorkArea(context).clear())
