/**
 * The system of record and the orchestration over it. `createEngine` is the one door.
 *
 * @packageDocumentation
 */
export type { People } from './access/people.ts'
export type { Session } from './access/sign-in.ts'
export type { ScopeEnds } from './artifacts/keep.ts'
export type { Quota } from './artifacts/quota.ts'
export { type DatabaseConfig, defaults, type EngineConfig } from './config.ts'
export { databaseAway, isDatabaseAway } from './database/away.ts'
export type { Clock } from './database/clock.ts'
export { type DebugPoint, debugPoint } from './debug-point.ts'
export { createEngine } from './engine.ts'
export * from './problem.ts'
export type { KeepDays, RetentionPolicy, StateRetention } from './retention/policy.ts'
export { checkStorage, type StorageCheck } from './storage/check.ts'
export { attachment } from './storage/disposition.ts'
export { openObjectStore } from './storage/object-store.ts'
export type { StorageRoutes } from './storage/storages.ts'
export * from './types.ts'
