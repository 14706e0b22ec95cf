import { CHUNK_WITHOUT_STREAMS, DEFAULT_PATIENCE, FIRST_PIECE, PIECE_TIME } from './config.ts'
import { ApiProblem, fileChanged, ServerUnreachable } from './errors.ts'
import { Patience } from './retry.ts'
import { notErrand, type Transport } from './transport.ts'
import type { Upload } from './types.ts'
import { canStreamRequests, counted, type OnProgress } from './upload.ts'

/** Something whose bytes can be had again from any point on, such as a file. */
export interface ResumableSource {
  /** In bytes. */
  size: number
  /** The bytes from `start` up to `end`. */
  read(start: number, end: number): AsyncIterable<Uint8Array> | Blob
}

export interface ResumableOptions {
  filename: string
  mediaType: string
  onProgress?: OnProgress
  signal?: AbortSignal
  /** Milliseconds for which a broken connection is tried again. Default 2 minutes. */
  patience?: number
  /** The id of an upload of the same file that was begun before. Where it is gone, a new one begins. */
  resume?: string
  /** Told the id once the upload is begun. */
  onBegun?: (id: string) => void
}

/**
 * Hands in a file by tus 1.0: when the connection breaks, it goes on where the server has got to.
 *
 * @throws {ApiProblem} upload-too-large, upload-too-many, file-changed
 */
export async function resumableUpload(
  transport: Transport,
  source: ResumableSource,
  options: ResumableOptions,
): Promise<Upload> {
  const { onProgress, signal } = options
  const aborting = signal ? { signal } : {}
  const patience = new Patience(options.patience ?? DEFAULT_PATIENCE)
  const request = (method: string, url: URL, headers: Record<string, string>) =>
    new Request(url, { method, headers: { 'Tus-Resumable': '1.0.0', ...headers }, ...aborting })

  const addressOf = (id: string) => transport.url(`/api/v1/uploads/${encodeURIComponent(id)}`)
  const { id, start } = (await begunBefore()) ?? { id: await insist(begin), start: 0 }
  const address = addressOf(id)
  options.onBegun?.(id)
  if (start > 0) onProgress?.(start, source.size)

  // A browser sends a stream by HTTP/2 alone, and a page cannot know what it has: it sends pieces.
  const streams = !('document' in globalThis) && canStreamRequests()
  let piece = FIRST_PIECE
  let offset = start
  while (offset < source.size) {
    const before = offset
    const begun = performance.now()
    try {
      offset = await send(offset)
      patience.reset()
      if (performance.now() - begun < PIECE_TIME) piece = Math.min(piece * 2, CHUNK_WITHOUT_STREAMS)
    } catch (error) {
      const elsewhere = error instanceof ApiProblem && error.code === 'upload-offset'
      await patience.wait(elsewhere ? new ServerUnreachable(transport.server, error) : error, signal)
      offset = await insist(async () => offsetOf(await transport.send(request('HEAD', address, {}))))
      if (offset > before) patience.reset()
    }
    onProgress?.(offset, source.size)
  }
  return insist(async () => {
    const answer = await transport.send(new Request(address, { headers: { Accept: 'application/json' }, ...aborting }))
    return (await answer.json()) as Upload
  })

  /** How far the upload to go on with is, where there is one and it is of a file of this size. */
  async function begunBefore(): Promise<{ id: string; start: number } | undefined> {
    const { resume } = options
    if (resume === undefined) return undefined
    try {
      const answer = await insist(() => transport.send(request('HEAD', addressOf(resume), {})))
      if (answer.headers.get('upload-length') !== String(source.size)) return undefined
      return { id: resume, start: offsetOf(answer) }
    } catch (error) {
      // Expired, removed, or somebody else's by now.
      if (error instanceof ApiProblem && error.status < 500) return undefined
      throw error
    }
  }

  /** @returns the id that the server gave it */
  async function begin(): Promise<string> {
    const metadata = [`filename ${base64(options.filename)}`, `filetype ${base64(options.mediaType)}`].join(',')
    const headers = { 'Upload-Length': String(source.size), 'Upload-Metadata': metadata }
    const answer = await transport.send(request('POST', transport.url('/api/v1/uploads'), headers))
    const location = answer.headers.get('location')
    if (answer.status !== 201 || location === null) throw notErrand(transport.server, answer.status)
    // Its last part only: the server may be behind a prefix that it does not know.
    return decodeURIComponent(location.slice(location.lastIndexOf('/') + 1))
  }

  /** Sends what is left, or a piece of it where requests cannot be streams. @returns how far the upload is then */
  async function send(start: number): Promise<number> {
    const end = streams ? source.size : Math.min(source.size, start + piece)
    const bytes = source.read(start, end)
    const ended = new AbortController()
    const broken: { error?: unknown } = {}
    const body =
      bytes instanceof Blob && !streams
        ? bytes
        : counted(
            watched(bytes instanceof Blob ? bytes.stream() : bytes, broken),
            source.size,
            (done) => onProgress?.(start + done, source.size),
            ended.signal,
          )
    const headers = {
      'Tus-Resumable': '1.0.0',
      'Upload-Offset': String(start),
      'Content-Type': 'application/offset+octet-stream',
    }
    try {
      const patch = new Request(address, { method: 'PATCH', headers, body, duplex: 'half', ...aborting })
      // Not allowed in browsers, which ignore it; elsewhere it lets the server tell a cut from an end.
      if (!(body instanceof Blob)) patch.headers.set('Content-Length', String(end - start))
      return offsetOf(await transport.send(patch))
    } catch (error) {
      // The file could not be read: that is not the connection's fault, and trying again would not help.
      if ('error' in broken) throw broken.error
      // A browser says no more of it than of a connection that broke.
      if (bytes instanceof Blob && !(await isReadable(bytes))) throw fileChanged(options.filename)
      throw error
    } finally {
      ended.abort()
    }
  }

  async function insist<T>(action: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await action()
      } catch (error) {
        await patience.wait(error, signal)
      }
    }
  }

  function offsetOf(answer: Response): number {
    const text = answer.headers.get('upload-offset')
    if (text === null || !/^\d+$/.test(text)) throw notErrand(transport.server, answer.status)
    return Number(text)
  }
}

/** The same bytes; remembers why there are no more. */
async function* watched(bytes: AsyncIterable<Uint8Array>, broken: { error?: unknown }): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    broken.error = error
    throw error
  }
}

/** Of UTF-8, as the protocol wants it. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}

/** Whether a chosen file is still what it was when it was chosen. */
async function isReadable(bytes: Blob): Promise<boolean> {
  try {
    await bytes.slice(0, 1).arrayBuffer()
    return true
  } catch {
    return false
  }
}
