import type { ErrandClient } from '@errand/client'
import { uploadFile } from '@errand/client/node'
import type { UploadFile } from '../input/upload-files.ts'
import type { Output } from '../output.ts'
import { transferDisplay } from './transfer-display.ts'

/** Hands a file in as a stream, with its progress on a terminal; gives the upload's id. */
export async function sendFile(client: ErrandClient, file: UploadFile, output: Output): Promise<string> {
  const display = transferDisplay(`Uploading ${file.filename}`, file.size, output.terminal, output.paint)
  try {
    const upload = await uploadFile(client, file.path, { filename: file.filename, onProgress: display.update })
    return upload.id
  } finally {
    display.close()
  }
}
