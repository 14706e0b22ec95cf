/**
 * The system of record and the orchestration over it. `createEngine` is the one door.
 *
 * @packageDocumentation
 */

export type { People } from './access/people.ts'
export { actorOf } from './access/policy.ts'
export { type Action, actions, policy, type Rule, type Standing, standings } from './access/policy-table.ts'
export type { RolesHook } from './access/roles.ts'
export type { Session } from './access/sign-in.ts'
export { TOKEN_PREFIX, type TokenView } from './access/tokens.ts'
export type { ScopeEnds } from './artifacts/keep.ts'
export type { Quota } from './artifacts/quota.ts'
export { type DatabaseConfig, defaults, type EngineConfig } from './config.ts'
export { databaseAway, isDatabaseAway } from './database/away.ts'
export type { CallersTransaction } from './database/callers-transaction.ts'
export type { Clock } from './database/clock.ts'
export { type DatabaseInspection, inspectDatabase } from './database/inspect.ts'
export { type DebugPoint, debugPoint } from './debug-point.ts'
export { fromDrizzle, fromKnex, fromKysely, fromPg, fromPrisma, type PgClientLike } from './dispatch/callers.ts'
export { createEngine } from './engine.ts'
export { checkMail } from './notifications/email.ts'
export type { Notifications } from './notifications/notifications.ts'
export type {
  Cadence,
  ChannelView,
  DeliveryPage,
  DeliveryQuery,
  DeliveryView,
  InboxPage,
  InboxQuery,
  Message,
  NotificationConfig,
  NotificationRequest,
  NotificationView,
  Preference,
  PreferencesChange,
  PreferencesView,
  WebhookConfig,
} from './notifications/types.ts'
export * from './problem.ts'
export type { KeepDays, RetentionPolicy, StateRetention } from './retention/policy.ts'
export { checkStorage, type StorageCheck } from './storage/check.ts'
export { attachment } from './storage/disposition.ts'
export { makeFolder } from './storage/make-folder.ts'
export { openObjectStore } from './storage/object-store.ts'
export { release } from './storage/release.ts'
export type { StorageRoutes } from './storage/storages.ts'
export type { Store } from './storage/store.ts'
export type { LimitUse } from './tasks/limits.ts'
export { contextOf, traceparentOf } from './tracing.ts'
export * from './types.ts'
