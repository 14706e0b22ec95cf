import type { Claim } from '@errand/engine'
import type { UploadedFile } from '@errand/task'
import { ask } from '../calls.ts'
import type { Channel } from '../channel/channel.ts'

/** An uploaded file whose bytes come from the main thread, at the reader's pace. */
export function uploadedFile(channel: Channel, name: string, uploads: Claim['uploads']): UploadedFile {
  const file = uploads[name]
  if (file === undefined) throw new Error(`There is no upload ${name}.`)
  return {
    filename: file.filename,
    mediaType: file.mediaType,
    size: file.size,
    sha256: file.sha256,
    readable: (range) => {
      const stream = channel.nextStream()
      const incoming = channel.incoming(stream)
      ask(channel, 'readUpload', { stream, name, ...(range === undefined ? {} : { range }) }).catch((error: Error) =>
        incoming.destroy(error),
      )
      return incoming
    },
  }
}
