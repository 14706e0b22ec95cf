import type {
  ArtifactState,
  DefinitionShape,
  Failure,
  KeepRule,
  StepShape,
  StepState,
  TaskState,
  Visibility,
} from '@errand/task'
import type { ColumnType, Generated } from 'kysely'
import type { ItemFailure, Origin, PlannedItem, ScheduleProblem } from '../types.ts'
import type { PeopleTables } from './people-schema.ts'

/** Written as JSON text, read as the value. */
type Json<T> = ColumnType<T, string, string>
type NullableJson<T> = ColumnType<T | null, string | null, string | null>
type Time = ColumnType<Date, Date, Date>
type NullableTime = ColumnType<Date | null, Date | null, Date | null>
/** Filled by the database's clock. */
type StampedTime = ColumnType<Date, Date | undefined, Date>

export interface Tables extends PeopleTables {
  definitions: {
    name: string
    version: number
    shape: Json<DefinitionShape>
    digest: string
    promoted: boolean
    registered_at: StampedTime
    retired_at: NullableTime
  }
  tasks: {
    id: string
    definition: string
    version: number
    title: string
    scope: string
    owner: string
    owner_name: string
    input: Json<Record<string, unknown>>
    uploads: Json<Record<string, string>>
    origin: Json<Origin>
    state: TaskState
    failure: NullableJson<Failure>
    unique_key: string | null
    waits_key: string | null
    idempotency_key: string | null
    request_digest: string | null
    sequence: number
    /** Who is making the task fit a newer version, until when, and why the last who tried could not. */
    move_lease: string | null
    move_until: NullableTime
    move_failure: NullableJson<{ version: number; failure: Failure }>
    deadline_at: NullableTime
    /** W3C trace context of whoever asked for it. */
    traceparent: string | null
    created_at: StampedTime
    started_at: NullableTime
    finished_at: NullableTime
  }
  steps: {
    task_id: string
    name: string
    ordinal: number
    kind: StepShape['kind']
    state: StepState
    attempt: number
    losses: number
    otherwise: boolean
    lease: string | null
    worker: string | null
    job: string | null
    progress: NullableJson<StoredProgress>
    result: NullableJson<unknown>
    checkpoint: NullableJson<unknown>
    once: Json<Record<string, unknown>>
    log_lines: number
    failure: NullableJson<Failure>
    retry_at: NullableTime
    changed_at: Time
    started_at: NullableTime
    finished_at: NullableTime
  }
  transitions: {
    task_id: string
    sequence: number
    step: string | null
    from: string | null
    to: string
    reason: string | null
    actor: string
    at: StampedTime
    xid: Generated<string>
  }
  logs: { id: Generated<number>; task_id: string; step: string; message: string; at: StampedTime }
  artifacts: {
    id: string
    task_id: string
    step: string
    lease: string
    slot: string
    filename: string
    media_type: string
    visibility: Visibility
    keep: Json<KeepRule>
    storage: string
    key: string
    size: number | null
    sha256: string | null
    state: ArtifactState
    created_at: StampedTime
    expires_at: NullableTime
    ended_at: NullableTime
    ended_reason: string | null
    ended_by: string | null
    purged_at: NullableTime
    available_at: NullableTime
    /** Somebody has asked for it to be kept until then, whatever the rule says. */
    extended_until: NullableTime
    /** What the platform last said of the end of the scope, and when. */
    scope_ends_at: NullableTime
    scope_asked_at: NullableTime
    /** While it is written: how much of it counts towards the quota. */
    bytes_written: Generated<number>
    /** The output of a step before, which this one begins with. */
    continues: string | null
    /** Use-once: the download in hand, and until when it has it. */
    taken_by: string | null
    taken_until: NullableTime
  }
  artifact_access: {
    id: Generated<number>
    artifact_id: string
    action: 'download' | 'extend' | 'delete' | 'expire' | 'consume'
    actor: string
    actor_name: string
    delivery: string | null
    range_start: number | null
    range_end: number | null
    bytes: number | null
    complete: boolean | null
    at: Time
  }
  uploads: {
    id: string
    owner: string
    filename: string
    media_type: string
    size: number
    /** `null` until all of it is there. */
    sha256: string | null
    storage: string
    key: string
    created_at: StampedTime
    expires_at: NullableTime
    state: Generated<'arriving' | 'complete' | 'gone'>
    /** Bytes that are there, of one that arrives in parts. */
    received: Generated<number>
    metadata: string | null
  }
  upload_parts: { upload_id: string; start: number; size: number; key: string }
  schedules: {
    id: Generated<string>
    name: string
    definition: string
    scope: string
    input: Json<Record<string, unknown>>
    cron: string
    /** IANA. */
    time_zone: string
    /** The name of the service principal that starts its tasks and owns them. */
    principal: string
    next_at: Time
    /** While an engine starts its task. */
    leased_until: NullableTime
    paused_at: NullableTime
    /** The time, by cron, of the last task, and which that is. */
    started_at: NullableTime
    task_id: string | null
    problem: NullableJson<ScheduleProblem>
    created_by: string
    created_at: StampedTime
  }
  upkeep: { name: string; at: Time; value: Json<unknown> }
  schema_needs: { migration: string }
  workers: {
    id: string
    name: string
    host: string
    pid: number
    concurrency: number
    serves: Json<{ name: string; version: number }[]>
    started_at: StampedTime
    heartbeat_at: StampedTime
    stopped_at: NullableTime
  }
  fan_outs: {
    task_id: string
    step: string
    phase: Generated<'planning' | 'running' | 'finishing' | 'done'>
    /** The key of the last item that is on record. */
    cursor: string | null
    /** Whether all items are on record. */
    sealed: Generated<boolean>
    pages: Generated<number>
    total: Generated<number>
    /** Where the next slice begins. */
    cut_page: Generated<number>
    cut_at: Generated<number>
    slice_size: number
    /** Mean milliseconds of an item, once slices have ended. */
    item_ms: number | null
    concurrency: number
    paused: Generated<boolean>
    /** Of slices that have ended. */
    done: Generated<number>
    failed: Generated<number>
    /** Set once too many items have failed. */
    failure: NullableJson<Failure>
    /** Items a second, and what it was worked out from. */
    rate: number | null
    rolled_done: Generated<number>
    rolled_at: StampedTime
    done_at: NullableTime
    swept_at: NullableTime
    /** Of the run that planned it, which its slices belong to. */
    traceparent: string | null
  }
  item_pages: { task_id: string; step: string; page: number; size: number; items: Json<PlannedItem[]> }
  slices: {
    id: string
    task_id: string
    step: string
    page: number
    /** The first item of the page that is not its own. */
    upto: number
    /** The first item that is not settled. */
    cursor: number
    done: Generated<number>
    failed: Generated<number>
    state: Generated<'ready' | 'running'>
    job: string
    lease: string | null
    worker: string | null
    care: Generated<number>
    single_until: Generated<number>
    suspect: number | null
    changed_at: StampedTime
  }
  segments: {
    task_id: string
    step: string
    slot: string
    page: number
    item: number
    storage: string
    key: string
    size: number
  }
  item_failures: { task_id: string; step: string; page: number; item: number; failures: Json<ItemFailure[]> }
}

export interface StoredProgress {
  done: number
  total?: number
  message?: string
  failed?: number
  rate?: number
  secondsLeft?: number
  paused?: boolean
}
