/**
 * The system of record and the orchestration over it. `createEngine` is the one door.
 *
 * @packageDocumentation
 */
export * from './problem.ts'
export * from './types.ts'
