import { Problem } from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { API_BASE } from '../config.ts'
import type { ServerContext, ServerEnv } from '../context.ts'
import { limited } from '../http/limited.ts'
import { mediaTypeOf } from '../http/media-type.ts'
import { header, json, problems } from '../openapi/responses.ts'
import { uploadSchema } from '../openapi/schemas.ts'
import { uploadJson } from '../views.ts'
import { idParams, router, security } from './router.ts'
import { tus } from './tus.ts'

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

const offsetHeader = { 'Upload-Offset': header('How many bytes are there') }
const tusHeaders = z.object({ 'tus-resumable': z.literal('1.0.0') })

/** What the tus library answers, for the document alone. */
const tusRoutes = [
  createRoute({
    method: 'post',
    path: '/uploads',
    operationId: 'beginUpload',
    summary: 'Begin an upload that can be resumed (tus 1.0)',
    description: 'With creation, creation-with-upload, expiration, checksum and termination.',
    tags: ['uploads'],
    security,
    request: {
      headers: tusHeaders.extend({
        'upload-length': z.string(),
        'upload-metadata': z.string().optional().describe('filename, filetype, sha256 (hex) of the whole'),
      }),
    },
    responses: {
      201: { description: 'It has begun', headers: { Location: header('Where it goes on') } },
      ...problems(400, 401, 413, 429),
    },
  }),
  createRoute({
    method: 'patch',
    path: '/uploads/{id}',
    operationId: 'appendUpload',
    summary: 'Send what follows (tus 1.0)',
    tags: ['uploads'],
    security,
    request: {
      params: idParams,
      headers: tusHeaders.extend({ 'upload-offset': z.string(), 'upload-checksum': z.string().optional() }),
      body: {
        content: { 'application/offset+octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
        required: true,
      },
    },
    responses: {
      204: { description: 'It is stored', headers: offsetHeader },
      ...problems(400, 401, 404, 409, 413, 422),
    },
  }),
  createRoute({
    method: 'delete',
    path: '/uploads/{id}',
    operationId: 'removeUpload',
    summary: 'Give up an upload that has not arrived as a whole (tus 1.0)',
    tags: ['uploads'],
    security,
    request: { params: idParams, headers: tusHeaders },
    responses: { 204: { description: 'It is gone' }, ...problems(401, 404) },
  }),
]

/** Uploads at once (`PUT`) and in parts (tus), and what is known of one. */
export function uploadRoutes(context: ServerContext): OpenAPIHono<ServerEnv> {
  const { engine, uploadLimit } = context
  const app = router()
  for (const route of tusRoutes) app.openAPIRegistry.registerPath(route)
  app.on(['POST', 'OPTIONS'], '/uploads', (c) => tus(c, context))
  app.on(['PATCH', 'DELETE', 'OPTIONS'], '/uploads/:id', (c) => tus(c, context))
  // Hono answers HEAD with what GET answers; here it is a question of the protocol.
  app.use('/uploads/:id', (c, next) => (c.req.method === 'HEAD' ? tus(c, context) : next()))
  app.openapi(putRoute, async (c) => {
    const { filename } = c.req.valid('query')
    const announced = Number(c.req.header('content-length') ?? 0)
    if (announced > uploadLimit) throw tooLarge(filename, uploadLimit)
    // A refusal in the middle must not cancel the request: that would cut the connection before the client could read
    // why. The connection is closed once the answer is out.
    const body = c.req.raw.body?.values({ preventCancel: true }) ?? []
    const upload = await engine.createUpload(
      {
        filename,
        mediaType: mediaTypeOf(c.req.header('content-type')),
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
