import { client } from '../api/client.ts'
import { begunUpload, isSameFile, rememberUpload } from './begun-uploads.ts'

/**
 * Hands in a file for a field of a form; goes on where it stopped when the connection breaks, and also when the page was
 * loaded again in between.
 *
 * @param onShare - told how much of it is there, from 0 to 1
 * @returns the id of the upload
 */
export async function sendFile(
  definition: string,
  slot: string,
  file: File,
  onShare: (share: number) => void,
): Promise<string> {
  const begun = begunUpload(definition, slot)
  const known = { filename: file.name, size: file.size, modified: file.lastModified }
  let id = ''
  const upload = await client.upload(file, {
    ...(begun !== undefined && isSameFile(begun, file) ? { resume: begun.id } : {}),
    onBegun: (one) => {
      id = one
      rememberUpload(definition, slot, { ...known, id, share: 0 })
    },
    onProgress: (done) => {
      const share = file.size === 0 ? 1 : done / file.size
      onShare(share)
      rememberUpload(definition, slot, { ...known, id, share })
    },
  })
  return upload.id
}
