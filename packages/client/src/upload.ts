import { type ResumableSource, resumableUpload } from './resumable-upload.ts'
import type { Transport } from './transport.ts'
import { notErrand } from './transport.ts'
import type { Upload } from './types.ts'

/** Told how many bytes have been handed over, and how many there are in all where that is known. */
export type OnProgress = (done: number, total: number | null) => void

export interface UploadOptions {
  /** Without a path. Default: the name of a `File`, else `upload`. */
  filename?: string
  /** Default: the type of a `Blob`, else `application/octet-stream`. */
  mediaType?: string
  /** In bytes, where the body is a stream and it is known. */
  size?: number
  onProgress?: OnProgress
  signal?: AbortSignal
  /** Milliseconds for which a broken connection is tried again. Default 2 minutes. */
  patience?: number
  /** Of a `Blob`: the id of an upload of the same file that was begun before, to go on with. Where it is gone, a new one begins. */
  resume?: string
  /** Of a `Blob`: told the id once the upload is begun, for whoever wants to {@link resume} it after a restart. */
  onBegun?: (id: string) => void
}

/** A file, something that can be read again from any point on, or anything that yields bytes, such as a Node stream. */
export type UploadBody = Blob | ResumableSource | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * Hands in a file; no more of it is in memory than is on its way. A `Blob` (a `File` is one) and a source that can be
 * read again go on where they stopped when the connection breaks; a stream, which cannot be had twice, fails then.
 * Browsers take a `Blob` alone.
 *
 * @throws {ApiProblem} upload-too-large
 */
export async function upload(transport: Transport, body: UploadBody, options: UploadOptions): Promise<Upload> {
  const isBlob = body instanceof Blob
  const filename = options.filename ?? (isBlob && 'name' in body ? String(body.name) : 'upload')
  const mediaType = options.mediaType ?? (isBlob && body.type !== '' ? body.type : 'application/octet-stream')
  if (isBlob) {
    const source = { size: body.size, read: (start: number, end: number) => body.slice(start, end) }
    return resumableUpload(transport, source, { ...options, filename, mediaType })
  }
  if (isSource(body)) return resumableUpload(transport, body, { ...options, filename, mediaType })
  const total = options.size ?? null
  const url = transport.url('/api/v1/uploads')
  url.searchParams.set('filename', filename)
  const ended = new AbortController()
  const headers = new Headers({ 'Content-Type': mediaType, Accept: 'application/json' })
  const request = new Request(url, {
    method: 'PUT',
    headers,
    body: counted(body, total, options.onProgress, ended.signal),
    duplex: 'half',
    ...(options.signal ? { signal: options.signal } : {}),
  })
  // Not allowed in browsers, which ignore it; elsewhere it lets the server refuse at once what is too large.
  if (total !== null) request.headers.set('Content-Length', String(total))
  // Node's fetch goes on reading the body of a request that has failed; nothing takes it any more.
  const response = await transport.send(request).finally(() => ended.abort())
  if (response.status !== 201) throw notErrand(transport.server, response.status)
  return (await response.json()) as Upload
}

/** A stream has no size, and is had once. */
function isSource(body: Exclude<UploadBody, Blob>): body is ResumableSource {
  return 'size' in body && 'read' in body
}

/** A browser that cannot reads `duplex` not at all, and takes a stream for a text. */
export function canStreamRequests(): boolean {
  let asked = false
  const probe = new Request('http://localhost', {
    method: 'POST',
    body: new ReadableStream(),
    get duplex(): 'half' {
      asked = true
      return 'half'
    },
  })
  return asked && !probe.headers.has('Content-Type')
}

/** The same bytes as a stream for a request; it ends when nobody takes it any more. */
export function counted(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  total: number | null,
  onProgress: OnProgress | undefined,
  ended: AbortSignal,
): ReadableStream<Uint8Array> {
  const source = iterate(body)
  let done = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = ended.aborted ? await source.return?.() : await source.next()
        if (ended.aborted || !next || next.done) {
          controller.close()
          return
        }
        done += next.value.byteLength
        controller.enqueue(next.value)
        onProgress?.(done, total)
      },
      async cancel() {
        await source.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Not every browser can iterate over a stream. */
function iterate(body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): AsyncIterator<Uint8Array> {
  if (!(body instanceof ReadableStream)) return body[Symbol.asyncIterator]()
  const reader = body.getReader()
  return {
    async next() {
      const { done, value } = await reader.read()
      return done ? { done: true, value: undefined } : { done: false, value }
    },
    async return() {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}
