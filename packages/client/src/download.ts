import { DEFAULT_PATIENCE } from './config.ts'
import { ApiProblem, ServerUnreachable } from './errors.ts'
import { Patience } from './retry.ts'
import type { Transport } from './transport.ts'
import type { Artifact } from './types.ts'
import type { OnProgress } from './upload.ts'

export interface DownloadOptions {
  /** Bytes to leave out, because they are there already. */
  from?: number
  onProgress?: OnProgress
  signal?: AbortSignal
  /** Milliseconds for which a broken connection is tried again. Default 2 minutes. */
  patience?: number
}

/** The bytes of an output, of which only what is on its way is in memory. */
export interface Download {
  artifact: Artifact
  body: ReadableStream<Uint8Array>
}

/**
 * Opens an output. When the connection breaks, the stream goes on where it stopped; it errors when it cannot.
 *
 * @throws {ApiProblem} artifact-unknown, artifact-gone, artifact-unfinished
 */
export async function download(transport: Transport, artifact: Artifact, options: DownloadOptions): Promise<Download> {
  const { signal } = options
  const total = artifact.size
  const patience = new Patience(options.patience ?? DEFAULT_PATIENCE)
  let offset = options.from ?? 0
  let reader = total !== null && offset > 0 && offset >= total ? undefined : await open()

  async function open(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const headers = new Headers()
    if (offset > 0) headers.set('Range', `bytes=${offset}-`)
    // No If-Range: an output never changes, and a storage or a web server that serves it has a tag of its own for it.
    const url = transport.url(`/api/v1/artifacts/${encodeURIComponent(artifact.id)}/content`)
    const response = await transport.send(
      new Request(url, { headers, cache: 'no-store', ...(signal ? { signal } : {}) }),
    )
    if (offset > 0 && response.status !== 206) {
      await response.body?.cancel()
      throw new ApiProblem({
        code: 'artifact-changed',
        status: response.status,
        title: 'The file is another one now',
        detail: `${artifact.filename} changed while it was downloaded.`,
        hint: 'Download it again from the beginning.',
      })
    }
    return (response.body ?? new Blob([]).stream()).getReader()
  }

  /** The next bytes, or `undefined` at the end. */
  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      let lost: unknown
      try {
        if (!reader) {
          if (total !== null && offset >= total) return undefined
          reader = await open()
        }
        const { done, value } = await reader.read()
        if (!done) {
          patience.reset()
          return value
        }
        if (total === null || offset >= total) return undefined
        lost = new ServerUnreachable(
          transport.server,
          new Error(`The connection ended after ${offset} of ${total} bytes`),
        )
      } catch (error) {
        signal?.throwIfAborted()
        // A broken body is a TypeError, whatever broke it.
        lost = error instanceof TypeError ? new ServerUnreachable(transport.server, error) : error
      }
      reader = undefined
      await patience.wait(lost, signal)
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await next()
        if (!chunk) {
          controller.close()
          return
        }
        offset += chunk.byteLength
        controller.enqueue(chunk)
        options.onProgress?.(offset, total)
      },
      async cancel(reason) {
        await reader?.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return { artifact, body }
}
