import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ErrandClient } from '../client.ts'
import type { Upload } from '../types.ts'
import type { UploadOptions } from '../upload.ts'
import { fileSource } from './file-source.ts'

export type UploadFileOptions = Omit<UploadOptions, 'size'>

/**
 * Hands in a file from disk, as a stream; when the connection breaks, it goes on where it stopped. A pipe or a device,
 * which cannot be read twice, fails then.
 *
 * @throws the system's error (ENOENT, EACCES, EISDIR) when the file cannot be read
 * @throws {ApiProblem} `file-changed` when it was written to meanwhile, and what the server says
 */
export async function uploadFile(client: ErrandClient, path: string, options: UploadFileOptions = {}): Promise<Upload> {
  const stats = await stat(path)
  const filename = basename(path)
  if (stats.isFile()) {
    await using file = await open(path)
    return await client.upload(await fileSource(file, filename), { filename, ...options })
  }
  const body = createReadStream(path)
  try {
    return await client.upload(body, { filename, ...options })
  } finally {
    body.destroy()
  }
}
