import { Problem } from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { API_BASE } from '../config.ts'
import type { ServerContext, ServerEnv } from '../context.ts'
import { limited } from '../http/limited.ts'
import { header, json, problems } from '../openapi/responses.ts'
import { uploadSchema } from '../openapi/schemas.ts'
import { uploadJson } from '../views.ts'
import { idParams, router, security } from './router.ts'

const filename = z
  .string()
  .min(1)
  .max(255)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  .regex(/^[^/\\\u0000-\u001f\u007f]*$/, 'Must be a file name without a path or control characters')

const putRoute = createRoute({
  method: 'put',
  path: '/uploads',
  operationId: 'createUpload',
  summary: 'Hand in a file',
  description: 'The body is the file itself. Name the upload that comes back when starting a task.',
  tags: ['uploads'],
  security,
  request: {
    query: z.object({ filename }),
    body: {
      content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
      required: true,
    },
  },
  responses: {
    201: { ...json(uploadSchema, 'It is stored'), headers: { Location: header('Where it is') } },
    ...problems(400, 401, 413),
  },
})

const getRoute = createRoute({
  method: 'get',
  path: '/uploads/{id}',
  operationId: 'getUpload',
  summary: 'Look at a file that was handed in',
  tags: ['uploads'],
  security,
  request: { params: idParams },
  responses: { 200: json(uploadSchema, 'The upload'), ...problems(401, 404) },
})

/** RFC 9110 media type with parameters; anything else is kept as plain bytes. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\x20-\x7e]*)?$/

/** `PUT /uploads` and `GET /uploads/{id}`. */
export function uploadRoutes({ engine, uploadLimit }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(putRoute, async (c) => {
    const { filename } = c.req.valid('query')
    const announced = Number(c.req.header('content-length') ?? 0)
    if (announced > uploadLimit) throw tooLarge(filename, uploadLimit)
    const type = c.req.header('content-type') ?? ''
    // A refusal in the middle must not cancel the request: that would cut the connection before the client could read
    // why. The connection is closed once the answer is out.
    const body = c.req.raw.body?.values({ preventCancel: true }) ?? []
    const upload = await engine.createUpload(
      {
        filename,
        mediaType: MEDIA_TYPE.test(type) ? type : 'application/octet-stream',
        body: limited(body, uploadLimit, () => tooLarge(filename, uploadLimit)),
      },
      c.get('principal'),
    )
    c.header('Location', `${API_BASE}/uploads/${upload.id}`)
    c.header('Cache-Control', 'private, no-store')
    return c.json(uploadJson(upload), 201)
  })
  app.openapi(getRoute, async (c) => {
    const upload = await engine.getUpload(c.req.valid('param').id, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(uploadJson(upload), 200)
  })
  return app
}

function tooLarge(filename: string, limit: number): Problem {
  return new Problem({
    code: 'upload-too-large',
    status: 413,
    title: 'The file is too large',
    detail: `${filename} is larger than ${limit} bytes.`,
    hint: 'Make it smaller, or ask whoever runs this platform to raise the limit.',
    extensions: { limit },
  })
}
