import { type Principal, Problem, type TaskView } from '@errand/engine'
import { type DoorContext, limited, type ServerEnv } from '@errand/server'
import type { Hono } from 'hono'
import { assertArchiveName, startImport, takeWhole } from './archive.ts'
import { courseFor, scopeOf } from './course.ts'
import { takeFormFile } from './form-file.ts'
import { tooLarge } from './import.ts'

/** What the platform's scripts know as the states of a task: those of django-user-tasks. */
const states: Readonly<Record<TaskView['state'], string>> = {
  pending: 'Pending',
  running: 'In Progress',
  canceling: 'In Progress',
  completed: 'Succeeded',
  completed_with_errors: 'Succeeded',
  failed: 'Failed',
  canceled: 'Canceled',
}

/** The REST interface for scripts: `POST` imports an archive that comes whole, `GET ?task_id=` says in which state that is. */
export function addRest(app: Hono<ServerEnv>, { engine, uploadLimit }: DoorContext): void {
  app.post('/api/courses/v0/import/:course/', async (c) => {
    const who = c.get('principal')
    const course = await courseFor(engine, 'course.import', c.req.param('course'), who)
    const taken = await takeFormFile(c.req.raw, 'course_data', async (file) => {
      const incoming = { course, filename: file.filename, who }
      await assertArchiveName(engine, incoming)
      const body = limited(file.body, uploadLimit, () => tooLarge(uploadLimit))
      return { incoming, upload: await takeWhole(engine, incoming, { ...file, body }) }
    })
    const id = await startImport(engine, taken.incoming, taken.upload)
    c.header('Cache-Control', 'no-store')
    return c.json({ task_id: id, filename: taken.incoming.filename })
  })

  app.get('/api/courses/v0/import/:course/', async (c) => {
    const who = c.get('principal')
    const course = await courseFor(engine, 'course.import', c.req.param('course'), who)
    const task = await importOf(c.req.query('task_id') ?? '', course, who)
    c.header('Cache-Control', 'no-store')
    return c.json({ state: states[task.state] })
  })

  async function importOf(id: string, course: string, who: Principal): Promise<TaskView> {
    const task = await engine.getTask(id, who)
    if (task.definition === 'course.import' && task.scope === scopeOf(course)) return task
    throw new Problem({
      code: 'task-unknown',
      status: 404,
      title: 'There is no such import',
      detail: `No import of this course has the id ${id}.`,
      hint: 'Use the task_id that the import was answered with.',
    })
  }
}
