import { artifactStates, shapeSchema, stepStates, taskStates } from '@errand/task'
import { z } from '@hono/zod-openapi'

/** The JSON of the API, as the OpenAPI document describes it. Dates are ISO 8601 in UTC. */

const instant = z.iso.datetime()
const id = z.string()

export const failureSchema = z
  .object({
    code: z.string().describe('Stable and machine-readable'),
    title: z.string().describe('What happened, in a few plain words'),
    detail: z.string().describe('The particulars: which file, which line, which field'),
    hint: z.string().optional().describe('What the person can do about it'),
    retryable: z.boolean(),
    step: z.string().optional(),
    item: z.string().optional(),
    reference: z.string().describe('To quote to support'),
  })
  .openapi('Failure')

export const progressSchema = z
  .object({
    done: z.number(),
    total: z.number().nullable(),
    unit: z.string().nullable(),
    message: z.string().nullable(),
    failed: z.number().optional().describe('Items that have failed, where the step has items'),
    rate: z.number().optional().describe('Items a second, lately'),
    secondsLeft: z.number().optional().describe('An estimate, where there is something to work it out from'),
    paused: z.boolean().optional(),
  })
  .openapi('Progress')

export const stepSchema = z
  .object({
    name: z.string(),
    title: z.string(),
    kind: z.enum(['step', 'fan-out', 'on-failure', 'on-cancel']),
    after: z.array(z.string()),
    state: z.enum(stepStates),
    attempt: z.int(),
    attempts: z.int().describe('Attempts in all'),
    progress: progressSchema.nullable(),
    failure: failureSchema.nullable(),
    retryAt: instant.nullable(),
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .openapi('Step')

const keepSchema = z.union([
  z.literal('forever'),
  z.object({
    days: z.number().optional(),
    until: z.string().optional(),
    scopeEnd: z.literal(true).optional(),
    once: z.literal(true).optional(),
  }),
])

export const artifactSchema = z
  .object({
    id,
    taskId: id,
    slot: z.string(),
    title: z.string(),
    filename: z.string(),
    mediaType: z.string(),
    size: z.number().nullable().describe('In bytes; null while it is being written'),
    sha256: z.string().nullable(),
    state: z.enum(artifactStates),
    visibility: z.enum(['owner', 'team', 'staff']),
    keep: keepSchema,
    createdAt: instant,
    expiresAt: instant.nullable(),
    endedAt: instant.nullable(),
    endedReason: z.string().nullable(),
    endedBy: z.string().nullable(),
    may: z.array(z.enum(['extend', 'delete'])).describe('What whoever asks may do with it, if its state allows it'),
  })
  .openapi('Artifact')

export const accessSchema = z
  .object({
    action: z.enum(['download', 'extend', 'delete', 'expire', 'consume']),
    who: z.object({ id: z.string(), name: z.string() }),
    delivery: z.string().nullable(),
    range: z.object({ start: z.number(), end: z.number().nullable() }).nullable(),
    bytes: z.number().nullable().describe('Of a stream that has ended: how many bytes were taken'),
    complete: z.boolean().nullable(),
    at: instant,
  })
  .openapi('Access')

export const usageSchema = z
  .object({
    scope: z.string(),
    files: z.int(),
    bytes: z.number(),
    quota: z.number().nullable().describe('In bytes; null where there is no limit'),
  })
  .openapi('ScopeUsage')

const amountSchema = z.object({ count: z.int(), bytes: z.number() })
const orphansSchema = z
  .object({
    storage: z.string(),
    count: z.int(),
    bytes: z.number(),
    skipped: z.string().nullable().describe('Why it was not searched, if it was not'),
  })
  .openapi('OrphanedObjects')

export const retentionPreviewSchema = z
  .object({
    history: z.array(
      z.object({
        definition: z.string(),
        state: z.enum(taskStates),
        tasks: z.int(),
        held: z.int().describe('Due as well, but a file of theirs is still kept'),
      }),
    ),
    files: amountSchema,
    uploads: amountSchema,
    orphans: z.array(orphansSchema),
  })
  .openapi('RetentionPreview')

export const retentionDoneSchema = z
  .object({ tasks: z.int(), files: z.int(), uploads: z.int(), orphans: z.array(orphansSchema) })
  .openapi('RetentionDone')

export const taskSummarySchema = z
  .object({
    id,
    definition: z.string(),
    version: z.int(),
    title: z.string(),
    state: z.enum(taskStates),
    waiting: z.string().nullable().describe('Why nothing happens right now'),
    owner: z.object({ id: z.string(), name: z.string() }),
    scope: z.string(),
    origin: z.object({
      by: z.enum(['api', 'cli', 'web', 'schedule', 'retry']),
      of: id.optional(),
      failedItems: z.literal(true).optional(),
      schedule: z.string().optional().describe('The name of the schedule that started it'),
    }),
    steps: z.array(stepSchema),
    artifacts: z.array(artifactSchema),
    failure: failureSchema.nullable(),
    may: z
      .array(z.enum(['cancel', 'retry', 'delete']))
      .describe('What whoever asks may do with it, if its state allows it; who may cancel may pause, too'),
    sequence: z.int().describe('The number of the last transition'),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .openapi('TaskSummary')

export const scheduleSchema = z
  .object({
    name: z.string(),
    definition: z.string(),
    scope: z.string().describe('What its tasks are about'),
    input: z.record(z.string(), z.unknown()),
    cron: z.string().openapi({ example: '30 2 * * 1-5' }),
    timeZone: z.string().describe('IANA'),
    principal: z.object({ id: z.string(), name: z.string() }).describe('Who starts its tasks and owns them'),
    nextAt: instant.nullable().describe('null while it is paused'),
    pausedAt: instant.nullable(),
    last: z.object({ dueAt: instant, taskId: id }).nullable().describe('The last task that it started'),
    problem: z
      .object({ code: z.string(), title: z.string(), detail: z.string(), dueAt: instant })
      .nullable()
      .describe('Why it started nothing the last time that it was due'),
    createdBy: z.string(),
    createdAt: instant,
  })
  .openapi('Schedule')

export const taskSchema = taskSummarySchema.extend({ input: z.record(z.string(), z.unknown()) }).openapi('Task')

export const taskPageSchema = z
  .object({ tasks: z.array(taskSummarySchema), nextPageToken: z.string().nullable() })
  .openapi('TaskPage')

export const submitSchema = z
  .strictObject({
    definition: z.string().min(1).max(100).openapi({ example: 'course.export' }),
    version: z.int().min(1).optional().describe('Default: the promoted version'),
    input: z.record(z.string(), z.unknown()).default({}),
    uploads: z.record(z.string(), z.string()).optional().describe('Upload ids by the names the definition gives'),
    conflict: z
      .enum(['refuse', 'join', 'wait'])
      .optional()
      .describe('When one at a time is allowed and one is running; default: as the definition says'),
  })
  .openapi('SubmitTask')

export const transitionSchema = z
  .object({
    taskId: id,
    sequence: z.int().describe('From 1, without gaps'),
    step: z.string().nullable().describe('null for the task itself'),
    from: z.string().nullable(),
    to: z.string(),
    reason: z.string().nullable(),
    actor: z.string(),
    at: instant,
  })
  .openapi('Transition')

export const logLineSchema = z
  .object({ id: z.int(), step: z.string(), message: z.string(), at: instant })
  .openapi('LogLine')

export const failedItemSchema = z
  .object({
    key: z.string(),
    code: z.string(),
    title: z.string(),
    detail: z.string(),
    attempts: z.int().describe('How often it was tried'),
  })
  .openapi('FailedItem')

export const failedItemPageSchema = z
  .object({ items: z.array(failedItemSchema), nextPageToken: z.string().nullable() })
  .openapi('FailedItemPage')

export const uploadSchema = z
  .object({
    id,
    filename: z.string(),
    mediaType: z.string(),
    size: z.number().describe('In bytes'),
    sha256: z.string(),
    createdAt: instant,
    expiresAt: instant.nullable(),
  })
  .openapi('Upload')

export const definitionSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    promoted: z.boolean(),
    retiredAt: instant.nullable(),
    registeredAt: instant,
    digest: z.string(),
    shape: z.object(shapeSchema.shape).openapi('DefinitionShape'),
    workers: z.int().describe('Live workers that serve it'),
    open: z.int().describe('Tasks on it that are not over'),
  })
  .openapi('Definition')

export const workerSchema = z
  .object({
    id,
    name: z.string(),
    host: z.string(),
    pid: z.int(),
    serves: z.array(z.object({ name: z.string(), version: z.int() })),
    concurrency: z.int(),
    running: z.int().describe('Steps in hand, and slices of steps with many items'),
    inHand: z
      .array(
        z.object({
          taskId: id,
          title: z.string().describe('Of the task'),
          definition: z.string(),
          version: z.int(),
          step: z.string(),
          stepTitle: z.string(),
          slices: z.int().nullable().describe('How many slices of it, where that is what it has in hand'),
          startedAt: instant.describe('When the step began, on whichever worker'),
        }),
      )
      .nullable()
      .describe('What it is at, the oldest first; null for whoever may not see all tasks'),
    startedAt: instant,
    heartbeatAt: instant,
    live: z.boolean(),
  })
  .openapi('Worker')

export const statusSchema = z
  .object({
    database: z.enum(['pglite', 'postgres']),
    now: instant.describe("The database's clock"),
    clockSkewSeconds: z.number().describe("How far the server's clock is ahead of the database's"),
    migrations: z.array(z.string()),
    queues: z.array(
      z.object({
        definition: z.string(),
        version: z.int(),
        workers: z.int().describe('Live workers that serve it'),
        open: z.int().describe('Tasks that are not over'),
        pending: z.int().describe('Tasks of which no step has begun'),
        ready: z.int(),
        running: z.int(),
        retrying: z.int(),
        oldestReadySeconds: z.number(),
      }),
    ),
    stuck: z.array(
      z.object({
        taskId: id,
        step: z.string(),
        definition: z.string(),
        version: z.int(),
        why: z.enum(['unserved', 'not-claimed', 'no-heartbeat']),
        seconds: z.number(),
      }),
    ),
    unpurged: z.int().describe('Files gone from the record and not yet from the storage'),
    refusedSchedules: z
      .array(z.object({ name: z.string(), code: z.string(), title: z.string() }))
      .describe('Schedules whose last time started nothing'),
  })
  .openapi('Status')

export const principalSchema = z.object({ id: z.string(), name: z.string(), staff: z.boolean() }).openapi('Principal')

export const grantSchema = z.enum(['read', 'write', 'administer']).openapi('Grant')

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    grants: z.array(grantSchema),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .openapi('Token')

export const notificationSchema = z
  .object({
    id: z.string(),
    kind: z.string().openapi({ example: 'task.failed' }),
    title: z.string(),
    body: z.string(),
    link: z.string().nullable(),
    taskId: z.string().nullable(),
    createdAt: z.iso.datetime(),
    readAt: z.iso.datetime().nullable(),
  })
  .openapi('Notification')

const cadenceSchema = z.enum(['now', 'daily', 'never'])

export const preferenceSchema = z
  .object({
    kind: z.string().min(1).max(100).describe('A kind of notification, or `*` for all'),
    channel: z.string().min(1).max(100),
    cadence: cadenceSchema,
  })
  .openapi('Preference')

export const preferencesSchema = z
  .object({
    channels: z.array(
      z.object({
        name: z.string().openapi({ example: 'email' }),
        cadence: cadenceSchema.describe('Where nothing was said'),
        reachable: z.boolean().describe('Whether it can reach me: mail needs an address'),
      }),
    ),
    kinds: z.array(z.string()).describe('The ends of tasks, and what I was told so far of the platform’s own'),
    preferences: z
      .array(preferenceSchema)
      .describe('What was said of a kind counts for more than what was said of `*`'),
    email: z.string().nullable(),
    locale: z.string().nullable().describe('BCP 47; `null`: English'),
    timeZone: z.string().nullable().describe('IANA; `null`: UTC'),
  })
  .openapi('Preferences')

export const deliverySchema = z
  .object({
    id: z.string(),
    notificationId: z.string(),
    principal: z.string(),
    channel: z.string(),
    kind: z.string(),
    state: z.enum(['waiting', 'sent', 'failed']),
    digest: z.boolean().describe('Whether it waits for a daily message, or went with one'),
    tried: z.int(),
    createdAt: instant,
    sentAt: instant.nullable(),
    dueAt: instant.nullable().describe('Of one that waits: when it is tried next'),
    attempts: z.array(
      z.object({
        attempt: z.int(),
        at: instant,
        outcome: z.enum(['sent', 'failed', 'gone']),
        detail: z.string().nullable(),
      }),
    ),
  })
  .openapi('Delivery')

export const channelSchema = z
  .object({
    name: z.string(),
    closedAt: instant.nullable().describe('Since when nothing is sent, as the other side wants no more'),
    reason: z.string().nullable(),
    waiting: z.int().describe('Deliveries that are to be made'),
  })
  .openapi('Channel')

export const membershipSchema = z
  .object({ principal: z.string(), scope: z.string(), role: z.enum(['team', 'staff']) })
  .openapi('Membership')

export const allowanceSchema = z
  .object({
    mayStart: z.boolean(),
    limits: z.array(
      z.object({
        by: z.enum(['owner', 'scope']),
        kind: z.enum(['perDay', 'open']),
        most: z.int(),
        used: z.int(),
        freesAt: z.iso.datetime().nullable(),
      }),
    ),
    refusal: z.string().nullable().describe('Which limit is used up and when it frees; null while one more is allowed'),
  })
  .openapi('Allowance')

export const meSchema = principalSchema
  .extend({
    may: z
      .object({ read: z.boolean(), write: z.boolean(), administer: z.boolean() })
      .describe('What the credentials are good for; each task and each file is asked about on its own'),
    actor: z.object({ id: z.string(), name: z.string() }).nullable().describe('The staff who acts in this place'),
    session: z.object({ expiresAt: z.iso.datetime() }).nullable().describe('When signed in by a cookie'),
  })
  .openapi('Me')

export const problemSchema = z
  .looseObject({
    type: z.string().openapi({ example: 'urn:errand:problem:task-unknown' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    hint: z.string().optional(),
  })
  .openapi('Problem')
