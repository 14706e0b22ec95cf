import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file to hand in: a path or `file:` URL, its bytes, or anything that yields them. */
export type UploadSource =
  | { path: string | URL; filename?: string; mediaType?: string }
  | {
      content: string | Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>
      /** Default: the upload's name. */
      filename?: string
      mediaType?: string
    }
  | Uint8Array

/** The file as the engine takes it in, streaming. */
export function uploadOf(
  name: string,
  source: UploadSource,
): { filename: string; mediaType: string; body: AsyncIterable<Uint8Array> } {
  if (source instanceof Uint8Array) return uploadOf(name, { content: source })
  const mediaType = source.mediaType ?? 'application/octet-stream'
  if ('path' in source) {
    const path = source.path instanceof URL ? fileURLToPath(source.path) : source.path
    return { filename: source.filename ?? basename(path), mediaType, body: createReadStream(path) }
  }
  const { content } = source
  const pieces =
    typeof content === 'string' ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content
  return { filename: source.filename ?? name, mediaType, body: each(pieces) }
}

async function* each(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}
