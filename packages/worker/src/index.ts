/**
 * Loads packs and runs their steps in threads.
 *
 * @packageDocumentation
 */
export { createWorker, type Worker, type WorkerOptions } from './create-worker.ts'
export type { PackUse } from './resolve-pack.ts'
