import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { ErrandClient } from '../client.ts'
import { WRITE_AHEAD } from '../config.ts'
import type { DownloadOptions } from '../download.ts'
import { ApiProblem } from '../errors.ts'
import type { Artifact } from '../types.ts'

export type DownloadFileOptions = Omit<DownloadOptions, 'from'>

export interface DownloadedFile {
  artifact: Artifact
  path: string
  /** In bytes. */
  size: number
}

/**
 * Downloads an output to `path`. Until it is whole and its SHA-256 is right it is beside it, as `path.….part`, from
 * where a later call goes on; then it takes its place at once, replacing any file before it.
 *
 * @param artifact - the output, or its id
 * @throws {ApiProblem} artifact-damaged when the bytes that came are not those that were stored
 */
export async function downloadFile(
  client: ErrandClient,
  artifact: Artifact | string,
  path: string,
  options: DownloadFileOptions = {},
): Promise<DownloadedFile> {
  const { signal } = options
  const known = typeof artifact === 'string' ? await client.artifact(artifact, signal ? { signal } : {}) : artifact
  // Named by what it is a part of: what another output left behind is never gone on with.
  const part = `${path}.${(known.sha256 ?? known.id).slice(0, 12)}.part`
  const from = await resumableSize(part, known)
  const hash = createHash('sha256')
  if (from > 0) for await (const chunk of createReadStream(part)) hash.update(chunk)
  const { body } = await client.download(known, { ...options, from })
  let size = from
  let broken: { error: unknown } | undefined
  async function* hashed(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body) {
        hash.update(chunk)
        size += chunk.byteLength
        yield chunk
      }
    } catch (error) {
      // All that came before is written first: a later call goes on behind it.
      broken = { error }
    }
  }
  const file = createWriteStream(part, { flags: from > 0 ? 'a' : 'w', highWaterMark: WRITE_AHEAD })
  await pipeline(hashed(), file)
  if (broken !== undefined) throw broken.error
  await verify(known, hash, part)
  await rename(part, path)
  return { artifact: known, path, size }
}

async function resumableSize(part: string, artifact: Artifact): Promise<number> {
  const size = await stat(part).then(
    (stats) => stats.size,
    () => 0,
  )
  // Without a digest nothing proves that the beginning belongs to the rest.
  return artifact.sha256 === null || size > (artifact.size ?? 0) ? 0 : size
}

async function verify(artifact: Artifact, hash: Hash, part: string): Promise<void> {
  if (artifact.sha256 === null || hash.digest('hex') === artifact.sha256) return
  await rm(part, { force: true })
  throw new ApiProblem({
    code: 'artifact-damaged',
    status: 200,
    title: 'The file was damaged on its way',
    detail: `The bytes of ${artifact.filename} are not those that were stored.`,
    hint: 'Download it again.',
  })
}
