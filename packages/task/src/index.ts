/**
 * What an author of tasks imports.
 *
 * @packageDocumentation
 */
export * from './artifact.ts'
export { canonicalJson } from './canonical-json.ts'
export * from './context.ts'
export { csvRow } from './csv.ts'
export {
  DefinitionError,
  defineTask,
  isDefinition,
  type StepCode,
  type StepOptions,
  TaskBuilder,
  type TaskDefinition,
  type TaskOptions,
} from './define-task.ts'
export { digestOf } from './digest.ts'
export * from './duration.ts'
export * from './failure.ts'
export * from './fan-out.ts'
export * from './machines.ts'
export { type Ending, endings, fillText, type NotificationTexts } from './notification-texts.ts'
export * from './object-store.ts'
export * from './pack.ts'
export * from './retry.ts'
export {
  type DefinitionShape,
  graphProblem,
  parseShape,
  type StepShape,
  shapeSchema,
} from './shape.ts'
export { fillTemplate } from './template.ts'
export type { Migrate, MigratedTask, UpgradeOptions } from './upgrade.ts'
