import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ErrandClient } from '../client.ts'
import type { Upload } from '../types.ts'
import type { UploadOptions } from '../upload.ts'

export type UploadFileOptions = Omit<UploadOptions, 'size'>

/**
 * Hands in a file from disk, as a stream.
 *
 * @throws the system's error (ENOENT, EACCES, EISDIR) when the file cannot be read
 */
export async function uploadFile(client: ErrandClient, path: string, options: UploadFileOptions = {}): Promise<Upload> {
  const stats = await stat(path)
  const body = createReadStream(path)
  try {
    // A pipe or a device has no size that could be announced.
    const size = stats.isFile() ? { size: stats.size } : {}
    return await client.upload(body, { filename: basename(path), ...size, ...options })
  } finally {
    body.destroy()
  }
}
