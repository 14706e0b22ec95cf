import type { FileHandle } from 'node:fs/promises'
import { FILE_PIECE } from '../config.ts'
import { fileChanged } from '../errors.ts'
import type { ResumableSource } from '../resumable-upload.ts'

/**
 * A file on disk, read in large pieces, the next one while the one before is on its way. Of a `Blob` of a file Node reads
 * small ones, each of which costs as much.
 *
 * @param name - for the message when the file is another one in the end
 */
export async function fileSource(file: FileHandle, name: string): Promise<ResumableSource> {
  const { mtimeMs, size } = await file.stat()

  async function* read(start: number, end: number): AsyncGenerator<Uint8Array> {
    let held: Uint8Array | undefined
    const pieces = file.createReadStream({ start, end: end - 1, highWaterMark: FILE_PIECE, autoClose: false })
    for await (const piece of pieces) {
      if (held) yield held
      held = piece
    }
    // Without its last piece the server takes it for neither the old file nor the new one.
    const now = await file.stat()
    if (now.size !== size || now.mtimeMs !== mtimeMs) throw fileChanged(name)
    if (held) yield held
  }
  return { size, read }
}
