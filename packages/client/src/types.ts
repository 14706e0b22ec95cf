import type { components } from './schema.ts'

type Schemas = components['schemas']

export type Task = Schemas['Task']
/** A task as a list shows it: without its input. */
export type TaskSummary = Schemas['TaskSummary']
export type TaskPage = Schemas['TaskPage']
export type TaskState = Task['state']
export type Step = Schemas['Step']
export type Progress = Schemas['Progress']
export type Failure = Schemas['Failure']
export type Artifact = Schemas['Artifact']
/** Who did what with an output. */
export type Access = Schemas['Access']
/** What a scope's outputs take, in bytes. */
export type ScopeUsage = Schemas['ScopeUsage']
/** What retention would remove now. */
export type RetentionPreview = Schemas['RetentionPreview']
/** What it has removed. */
export type RetentionDone = Schemas['RetentionDone']
/** A definition that runs by cron. */
export type Schedule = Schemas['Schedule']
export type Upload = Schemas['Upload']
export type Transition = Schemas['Transition']
export type LogLine = Schemas['LogLine']
export type FailedItem = Schemas['FailedItem']
export type FailedItemPage = Schemas['FailedItemPage']
export type Definition = Schemas['Definition']
export type DefinitionShape = Schemas['DefinitionShape']
export type Worker = Schemas['Worker']
/** Whether one may start a task, and how far its limits are used up. */
export type Allowance = Schemas['Allowance']
export type Principal = Schemas['Principal']
/** An entry of one's inbox. */
export type Notification = Schemas['Notification']
/** What one wants to be told, by which channel and how often. */
export type Preferences = Schemas['Preferences']
export type Preference = Schemas['Preference']
export type Status = Schemas['Status']

const finalStates: ReadonlySet<TaskState> = new Set(['completed', 'completed_with_errors', 'failed', 'canceled'])

/** Whether nothing can follow: the task has completed, failed or been canceled. */
export function isOver(task: Pick<Task, 'state'>): boolean {
  return finalStates.has(task.state)
}
