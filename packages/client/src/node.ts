/**
 * What Node can do beside the shared part: files on disk.
 *
 * @packageDocumentation
 */
export { type DownloadedFile, type DownloadFileOptions, downloadFile } from './node/download-file.ts'
export { type UploadFileOptions, uploadFile } from './node/upload-file.ts'
