import { Problem } from '@errand/engine'
import type { DoorContext, ServerEnv } from '@errand/server'
import type { Hono } from 'hono'
import { courseFor, scopeOf } from './course.ts'
import { archiveOf, exportStatus } from './status.ts'

const EXPORT = 'course.export'

/** The first number that an export has: it has been asked for. */
const ASKED_FOR = 1

/**
 * `POST export/KEY` begins an export, `GET export_status/KEY` says how far the newest of one's own is, and
 * `GET export_output/KEY` gives the archive of the newest that has one.
 */
export function addExport(app: Hono<ServerEnv>, { deliver, engine }: DoorContext): void {
  app.post('/export/:course', async (c) => {
    const who = c.get('principal')
    const course = await courseFor(engine, EXPORT, c.req.param('course'), who)
    await engine.submit({ definition: EXPORT, input: { course } }, who)
    c.header('Cache-Control', 'no-store')
    return c.json({ ExportStatus: ASKED_FOR })
  })

  app.get('/export_status/:course', async (c) => {
    const who = c.get('principal')
    const course = await courseFor(engine, EXPORT, c.req.param('course'), who)
    const query = { definition: EXPORT, scope: scopeOf(course), owner: who.id, limit: 1 }
    const [newest] = (await engine.listTasks(query, who)).tasks
    c.header('Cache-Control', 'no-store')
    return c.json(exportStatus(newest, `/export_output/${course}`))
  })

  app.get('/export_output/:course', async (c) => {
    const who = c.get('principal')
    const course = await courseFor(engine, EXPORT, c.req.param('course'), who)
    const state = ['completed', 'completed_with_errors'] as const
    const query = { definition: EXPORT, scope: scopeOf(course), owner: who.id, state, limit: 1 }
    const [newest] = (await engine.listTasks(query, who)).tasks
    const archive = newest && archiveOf(newest)
    if (archive !== undefined) return deliver(c, archive)
    throw new Problem({
      code: 'archive-unknown',
      status: 404,
      title: 'There is no archive of this course',
      detail: 'You have not exported it, or the archive is not kept any more.',
      hint: 'Export the course.',
    })
  })
}
