import {
  type ArtifactView,
  attachment,
  type Delivered,
  type DeliveryWish,
  type Engine,
  type Principal,
  Problem,
} from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Delivery } from '../config.ts'
import type { ServerContext, ServerEnv } from '../context.ts'
import { noneMatch, strongTag } from '../http/etag.ts'
import { readRange } from '../http/range.ts'
import { header, problems } from '../openapi/responses.ts'
import { idParams, router, security } from './router.ts'

const bytes = { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } }
const contentHeaders = {
  ETag: header('The SHA-256 of the whole file'),
  'Content-Disposition': header('The name it is saved under'),
  'Accept-Ranges': header('bytes'),
}

const route = createRoute({
  method: 'get',
  path: '/artifacts/{id}/content',
  operationId: 'downloadArtifact',
  summary: 'Download an output',
  description: 'Takes one range of bytes, so that a broken download can go on where it stopped.',
  tags: ['artifacts'],
  security,
  request: {
    params: idParams,
    headers: z.object({
      range: z.string().max(200).optional(),
      'if-range': z.string().max(200).optional(),
      'if-none-match': z.string().max(1_000).optional(),
    }),
  },
  responses: {
    200: { description: 'The file', content: bytes, headers: contentHeaders },
    206: { description: 'The part asked for', content: bytes, headers: contentHeaders },
    303: { description: 'It is served by the storage, at this address, for some minutes' },
    304: { description: 'It is as the client has it' },
    ...problems(401, 404, 409, 410, 416),
  },
})

/** `GET` and `HEAD /artifacts/{id}/content`. */
export function artifactContentRoutes(context: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(route, (c) => deliver(c, context, c.req.valid('param').id, c.req.valid('header')))
  return app
}

/** What of a request's headers says which part of a file is wanted, and when. */
interface Asked {
  range?: string | undefined
  'if-range'?: string | undefined
  'if-none-match'?: string | undefined
}

/** Answers with an output, or with where it is. */
export async function deliver(
  c: Context<ServerEnv>,
  { delivery, engine }: Pick<ServerContext, 'delivery' | 'engine'>,
  id: string,
  asked: Asked,
): Promise<Response> {
  const who = c.get('principal')
  const artifact = await engine.getArtifact(id, who)
  if (artifact.state !== 'available' || artifact.size === null) return await refused(engine, id, who)
  const { size } = artifact
  const tag = strongTag(artifact.sha256 ?? artifact.id)
  if (noneMatch(asked['if-none-match'], tag)) {
    describe(c, artifact, tag)
    return c.body(null, 304)
  }
  // If-Range with another tag means: the client's part is of another file, so it wants the whole.
  const usable = asked['if-range'] === undefined || asked['if-range'].trim() === tag
  const wanted = readRange(usable ? asked.range : undefined, size)
  if (wanted.kind === 'unsatisfiable') {
    c.header('Content-Range', `bytes */${size}`)
    throw unsatisfiable(artifact.filename, size)
  }
  const part = wanted.kind === 'part' ? wanted.range : undefined
  const head = c.req.method === 'HEAD'
  // Opened before any header is set: a refusal has headers of its own.
  const opened = head
    ? undefined
    : await engine.deliverArtifact(id, who, { by: wish(delivery), ...(part === undefined ? {} : { range: part }) })
  if (opened?.by === 'redirect') {
    c.header('Cache-Control', 'private, no-store')
    return c.redirect(opened.url, 303)
  }
  describe(c, artifact, tag)
  if (opened?.by === 'file') {
    // The web server answers a Range by itself, with a tag of its own.
    c.res.headers.delete('ETag')
    for (const [name, value] of Object.entries(handedOver(delivery, opened))) c.header(name, value)
    return c.body(null, 200)
  }
  if (part) c.header('Content-Range', `bytes ${part.start}-${part.end - 1}/${size}`)
  const length = part ? part.end - part.start : size
  c.header('Content-Length', String(length))
  c.status(part ? 206 : 200)
  if (!opened) return c.body(null)
  // A proxy that takes all of it before its client does would make a download look complete that is not.
  if (artifact.keep !== 'forever' && artifact.keep.once) c.header('X-Accel-Buffering', 'no')
  return c.body(ReadableStream.from(watched(c, opened, length)))
}

/** What the engine is asked for. */
function wish(delivery: Delivery): DeliveryWish['by'] {
  if (delivery.by === 'redirect' || delivery.by === 'stream') return delivery.by
  return 'file'
}

/** The header that makes the web server in front deliver the file. Both decode what is percent-encoded. */
function handedOver(delivery: Delivery, file: { path: string; storage: string; key: string }): Record<string, string> {
  const encoded = (path: string) => path.split('/').map(encodeURIComponent).join('/')
  if (delivery.by !== 'x-accel') return { 'X-Sendfile': encoded(file.path) }
  return { 'X-Accel-Redirect': `${delivery.prefix}/${file.storage}/${encoded(file.key)}` }
}

/** The bytes; tells the engine how the download has ended, once the client has all of it or is gone. */
async function* watched(
  c: Context<ServerEnv>,
  { artifact, body, settle }: Extract<Delivered, { by: 'stream' }> & { artifact: ArtifactView },
  length: number,
): AsyncGenerator<Uint8Array> {
  const log = c.get('log')
  let bytes = 0
  const ended = (sent: boolean) => {
    settle(bytes, sent && bytes === length).catch((error: unknown) => {
      log.error({ err: error, artifact: artifact.id }, 'The end of a download could not be recorded')
    })
  }
  const outgoing = c.env?.outgoing
  // Already closed when nobody waited for the first byte.
  if (outgoing?.closed) ended(false)
  else outgoing?.once('close', () => ended(outgoing.writableFinished))
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length
      yield chunk
      // Not asked for its end, which takes a moment: a client that has everything and hangs up meanwhile has not broken off.
      if (bytes === length) break
    }
    if (!outgoing) ended(true)
  } catch (error) {
    // The status is sent: the client sees the connection end before the announced length.
    log.error({ err: error, artifact: artifact.id }, 'A download ended with an error')
    throw error
  } finally {
    // Without a socket: whoever called has broken off.
    if (!outgoing) ended(false)
  }
}

function describe(c: Context<ServerEnv>, artifact: ArtifactView, tag: string): void {
  c.header('Content-Type', artifact.mediaType)
  c.header('Content-Disposition', attachment(artifact.filename))
  c.header('ETag', tag)
  c.header('Accept-Ranges', 'bytes')
  c.header('Cache-Control', 'private, no-store')
  // What a task wrote may be HTML or SVG from who knows where: it must not run as part of this site.
  c.header('X-Content-Type-Options', 'nosniff')
  c.header('Content-Security-Policy', "sandbox; default-src 'none'")
}

/** Lets the engine say why there is nothing to download. */
async function refused(engine: Engine, id: string, who: Principal): Promise<never> {
  const opened = await engine.deliverArtifact(id, who, { by: 'stream' })
  if (opened.by === 'stream') await opened.settle(0, false)
  throw new Problem({
    code: 'artifact-unfinished',
    status: 409,
    title: 'The file is not there yet',
    hint: 'Try again in a moment.',
  })
}

function unsatisfiable(filename: string, size: number): Problem {
  return new Problem({
    code: 'range-unsatisfiable',
    status: 416,
    title: 'The file has no such part',
    detail: `${filename} has ${size} bytes.`,
    hint: 'Ask for bytes within the file, or for the whole of it.',
    extensions: { size },
  })
}
