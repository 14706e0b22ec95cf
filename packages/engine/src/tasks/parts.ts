import { type CompiledQuery, type ExpressionBuilder, type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { type ArtifactPart, artifactPart, artifactsOfTask } from '../artifacts/part.ts'
import type { Tables } from '../database/schema.ts'
import type { StepRow, TaskRow } from './record.ts'

/** What is shown of a step. Its result and its checkpoint are not: they may be long. */
export type StepPart = Pick<
  StepRow,
  | 'name'
  | 'kind'
  | 'state'
  | 'attempt'
  | 'otherwise'
  | 'progress'
  | 'failure'
  | 'retry_at'
  | 'changed_at'
  | 'started_at'
  | 'finished_at'
>

/** A task with its parts, as they were at one instant. */
export interface TaskWithParts {
  task: TaskRow
  steps: readonly StepPart[]
  artifacts: readonly ArtifactPart[]
}

/** A query of tasks, whichever. */
export type TaskQueryBuilder = SelectQueryBuilder<Tables, 'tasks', TaskRow>

/**
 * The tasks of a query with their steps and artifacts, in ONE statement: a task is read more often than anything else, and
 * what is said of its steps must not be older than what is said of itself.
 */
export async function withParts(tasks: TaskQueryBuilder): Promise<TaskWithParts[]> {
  return (await queryOf(tasks).execute()).map(inParts)
}

type RowWithParts = Awaited<ReturnType<ReturnType<typeof queryOf>['execute']>>[number]

const compiled = new WeakMap<Kysely<Tables>, CompiledQuery<RowWithParts>>()

/**
 * The same of the tasks with these ids, in no order. This query is compiled once: it is asked more often than all others, and
 * to compile it takes as long as to run it.
 */
export async function tasksWithParts(db: Kysely<Tables>, ids: readonly string[]): Promise<TaskWithParts[]> {
  let query = compiled.get(db)
  if (query === undefined) {
    const tasks = db.selectFrom('tasks').selectAll()
    query = queryOf(tasks.where(sql<boolean>`id = ANY(${[]}::uuid[])`)).compile()
    compiled.set(db, query)
  }
  // Of its parameters, the only list are the ids.
  const parameters = query.parameters.map((value) => (Array.isArray(value) ? [...ids] : value))
  return (await db.executeQuery<RowWithParts>({ ...query, parameters })).rows.map(inParts)
}

function queryOf(tasks: TaskQueryBuilder) {
  return tasks.select((eb) => [stepsOfTask(eb).as('with_steps'), artifactsOfTask(eb).as('with_artifacts')])
}

function inParts({ with_artifacts, with_steps, ...task }: RowWithParts): TaskWithParts {
  return {
    task,
    steps: with_steps.map((step) => ({
      ...step,
      retry_at: time(step.retry_at),
      changed_at: new Date(step.changed_at),
      started_at: time(step.started_at),
      finished_at: time(step.finished_at),
    })),
    artifacts: with_artifacts.map(artifactPart),
  }
}

function stepsOfTask(eb: ExpressionBuilder<Tables, 'tasks'>) {
  return jsonArrayFrom(
    eb
      .selectFrom('steps as s')
      .select(['s.name', 's.kind', 's.state', 's.attempt', 's.otherwise', 's.progress', 's.failure'])
      .select(['s.retry_at', 's.changed_at', 's.started_at', 's.finished_at'])
      .whereRef('s.task_id', '=', 'tasks.id')
      .orderBy('s.ordinal'),
  )
}

/** Times are text where they are part of JSON. */
function time(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
