import { type Door, problemJson, problemOf, type ServerEnv } from '@errand/server'
import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { addExport } from './export.ts'
import { addImport } from './import.ts'
import { addRest } from './rest.ts'
import { sentences } from './sentences.ts'

export interface StudioOptions {
  /** Origins from which the front end is served, where that is not this server's own: `https://apps.example.org`. Default: none. */
  origins?: readonly string[]
}

/**
 * Answers what Studio's front end and scripts ask when a course is imported or exported, and does it with the tasks
 * `course.import` and `course.export`. Nothing is kept in memory between two requests: an upload that arrives in pieces is
 * one of Errand's, so pieces may go to different servers, and survive a restart.
 *
 * The paths, fields and numbers are those of openedx/openedx-platform (`cms/djangoapps/contentstore/views/import_export.py` at
 * 14f7dc8, `cms/djangoapps/contentstore/api/views/course_import.py` at 5dd0fdc), as `src/import-page/data/api.ts` and
 * `src/export-page/data/api.ts` of openedx/frontend-app-authoring at f10e018 ask for them.
 *
 * @example
 * ```ts
 * createServer({ engine, authenticate, doors: [studioDoor({ origins: ['https://apps.example.org'] })] })
 * ```
 */
export function studioDoor({ origins = [] }: StudioOptions = {}): Door {
  return {
    origins,
    routes(context) {
      const app = new Hono<ServerEnv>()
      addImport(app, context)
      addExport(app, context)
      addRest(app, context)
      app.onError((error, c) => {
        const problem = problemOf(error, c)
        const message = sentences(problem)
        const body = {
          ...problemJson(problem),
          // As the pages of an import and the REST interface have it. Whatever is refused here was not yet under way.
          ErrMsg: message,
          Stage: 0,
          developer_message: message,
          error_code: problem.code,
        }
        c.header('Cache-Control', 'no-store')
        return c.json(body, problem.status as ContentfulStatusCode)
      })
      return app
    },
  }
}
