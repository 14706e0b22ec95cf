import type { ArtifactState, Failure, StepState, TaskState } from '@errand/task'

/** What the command shows of the API's answers. Times are ISO 8601, as they came. */
export interface ShownProgress {
  done: number
  total: number | null
  unit: string | null
  message: string | null
}

export interface ShownStep {
  name: string
  title: string
  kind: 'step' | 'fan-out' | 'on-failure' | 'on-cancel'
  state: StepState
  attempt: number
  attempts: number
  progress: ShownProgress | null
  failure: ShownFailure | null
  retryAt: string | null
  startedAt: string | null
  finishedAt: string | null
}

export type ShownFailure = Pick<Failure, 'code' | 'title' | 'detail' | 'reference'> & {
  hint?: string | undefined
  step?: string | undefined
}

export interface ShownArtifact {
  id: string
  slot: string
  filename: string
  size: number | null
  sha256: string | null
  state: ArtifactState
  expiresAt: string | null
  endedAt: string | null
  endedReason: string | null
  endedBy: string | null
}

export interface ShownTask {
  id: string
  definition: string
  version: number
  title: string
  state: TaskState
  waiting: string | null
  owner: { id: string; name: string }
  scope: string
  steps: ShownStep[]
  artifacts: ShownArtifact[]
  failure: ShownFailure | null
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
}
