/**
 * The typed HTTP client, for browsers and Node. Helpers for files on disk are in `@errand/client/node`.
 *
 * @packageDocumentation
 */
export { createClient, type ErrandClient, type SubmitInput, type SubmitOptions, type TaskFilter } from './client.ts'
export type { Download, DownloadOptions } from './download.ts'
export { ApiProblem, ServerUnreachable } from './errors.ts'
export type { ResumableSource } from './resumable-upload.ts'
export { isTransient } from './retry.ts'
export type { components, operations, paths } from './schema.ts'
export type { ClientOptions } from './transport.ts'
export * from './types.ts'
export type { OnProgress, UploadBody, UploadOptions } from './upload.ts'
export type { FeedEvent, TaskEvent, WatchOptions } from './watch.ts'
