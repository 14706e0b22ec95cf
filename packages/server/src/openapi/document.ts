import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ServerEnv } from '../context.ts'

export type OpenApiDocument = ReturnType<OpenAPIHono<ServerEnv>['getOpenAPI31Document']>

/** The OpenAPI 3.1 document of the routes. */
export function openApiDocument(app: OpenAPIHono<ServerEnv>): OpenApiDocument {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Errand',
      version: '1',
      description: 'Start long-running tasks, follow them, and fetch what they made. Errors are RFC 9457 problems.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'tasks', description: 'Start, look, cancel, run again' },
      { name: 'events', description: 'The live feed' },
      { name: 'artifacts', description: 'What tasks made' },
      { name: 'uploads', description: 'Files for tasks' },
      { name: 'definitions', description: 'What tasks there are' },
      { name: 'workers', description: 'Who does the work' },
      { name: 'me', description: 'Who is asking' },
    ],
  })
}
