import type {
  ArtifactView,
  DefinitionView,
  FailedItemPage,
  LogLine,
  StepView,
  TaskSummary,
  TaskView,
  Transition,
  UploadView,
  WorkerView,
} from '@errand/engine'
import { withoutStack } from '@errand/task'
import type { z } from '@hono/zod-openapi'
import type * as schemas from './openapi/schemas.ts'

/** The engine's views as the API's JSON. Members are named one by one: what the engine adds is not shown by accident. */

const iso = (date: Date) => date.toISOString()
const isoOrNull = (date: Date | null) => date?.toISOString() ?? null

export function stepJson(step: StepView): z.output<typeof schemas.stepSchema> {
  return {
    name: step.name,
    title: step.title,
    kind: step.kind,
    after: step.after,
    state: step.state,
    attempt: step.attempt,
    attempts: step.attempts,
    progress: step.progress,
    failure: step.failure && withoutStack(step.failure),
    retryAt: isoOrNull(step.retryAt),
    startedAt: isoOrNull(step.startedAt),
    finishedAt: isoOrNull(step.finishedAt),
  }
}

export function artifactJson(artifact: ArtifactView): z.output<typeof schemas.artifactSchema> {
  return {
    id: artifact.id,
    taskId: artifact.taskId,
    slot: artifact.slot,
    title: artifact.title,
    filename: artifact.filename,
    mediaType: artifact.mediaType,
    size: artifact.size,
    sha256: artifact.sha256,
    state: artifact.state,
    visibility: artifact.visibility,
    keep: artifact.keep,
    createdAt: iso(artifact.createdAt),
    expiresAt: isoOrNull(artifact.expiresAt),
    endedAt: isoOrNull(artifact.endedAt),
    endedReason: artifact.endedReason,
    endedBy: artifact.endedBy,
    may: artifact.may,
  }
}

export function taskSummaryJson(task: TaskSummary): z.output<typeof schemas.taskSummarySchema> {
  return {
    id: task.id,
    definition: task.definition,
    version: task.version,
    title: task.title,
    state: task.state,
    waiting: task.waiting,
    owner: { id: task.owner.id, name: task.owner.name },
    scope: task.scope,
    origin: {
      by: task.origin.by,
      ...(task.origin.of === undefined ? {} : { of: task.origin.of }),
      ...(task.origin.failedItems === undefined ? {} : { failedItems: task.origin.failedItems }),
      ...(task.origin.schedule === undefined ? {} : { schedule: task.origin.schedule }),
    },
    steps: task.steps.map(stepJson),
    artifacts: task.artifacts.map(artifactJson),
    failure: task.failure && withoutStack(task.failure),
    may: task.may,
    sequence: task.sequence,
    createdAt: iso(task.createdAt),
    startedAt: isoOrNull(task.startedAt),
    finishedAt: isoOrNull(task.finishedAt),
  }
}

export function taskJson(task: TaskView): z.output<typeof schemas.taskSchema> {
  return { ...taskSummaryJson(task), input: task.input }
}

export function transitionJson(transition: Transition): z.output<typeof schemas.transitionSchema> {
  const { taskId, sequence, step, from, to, reason, actor, at } = transition
  return { taskId, sequence, step, from, to, reason, actor, at: iso(at) }
}

export function logLineJson(line: LogLine): z.output<typeof schemas.logLineSchema> {
  return { id: line.id, step: line.step, message: line.message, at: iso(line.at) }
}

export function failedItemPageJson(page: FailedItemPage): z.output<typeof schemas.failedItemPageSchema> {
  return {
    items: page.items.map(({ attempts, code, detail, key, title }) => ({ key, code, title, detail, attempts })),
    nextPageToken: page.nextPageToken,
  }
}

export function uploadJson(upload: UploadView): z.output<typeof schemas.uploadSchema> {
  const { id, filename, mediaType, size, sha256, createdAt, expiresAt } = upload
  return { id, filename, mediaType, size, sha256, createdAt: iso(createdAt), expiresAt: isoOrNull(expiresAt) }
}

export function definitionJson(definition: DefinitionView): z.output<typeof schemas.definitionSchema> {
  return {
    name: definition.name,
    version: definition.version,
    promoted: definition.promoted,
    retiredAt: isoOrNull(definition.retiredAt),
    registeredAt: iso(definition.registeredAt),
    digest: definition.digest,
    shape: definition.shape,
    workers: definition.workers,
    open: definition.open,
  }
}

export function workerJson(worker: WorkerView): z.output<typeof schemas.workerSchema> {
  const { id, name, host, pid, serves, concurrency, running, inHand, startedAt, heartbeatAt, live } = worker
  return {
    id,
    name,
    host,
    pid,
    serves: serves.map((served) => ({ name: served.name, version: served.version })),
    concurrency,
    running,
    inHand: inHand?.map((one) => ({ ...one, startedAt: iso(one.startedAt) })) ?? null,
    startedAt: iso(startedAt),
    heartbeatAt: iso(heartbeatAt),
    live,
  }
}
