/**
 * Runs task definitions in memory, for their authors' own tests: a real record, real threads, nothing to set up.
 *
 * @packageDocumentation
 */

export type { TaskSnapshot } from '@errand/engine'
export { type TestArtifact, TestRun } from './test-run.ts'
export { createTestbed, type RunOptions, type StartedTask, Testbed, type TestbedOptions } from './testbed.ts'
export type { UploadSource } from './upload-source.ts'
