import createFetchClient, { type Client as FetchClient } from 'openapi-fetch'
import { type Download, type DownloadOptions, download } from './download.ts'
import { ServerUnreachable } from './errors.ts'
import type { paths } from './schema.ts'
import { type ClientOptions, createTransport, notErrand } from './transport.ts'
import type {
  Access,
  Artifact,
  Definition,
  FailedItemPage,
  LogLine,
  Principal,
  RetentionDone,
  RetentionPreview,
  Schedule,
  ScopeUsage,
  Status,
  Task,
  TaskPage,
  TaskState,
  Transition,
  Upload,
  Worker,
} from './types.ts'
import { type UploadBody, type UploadOptions, upload } from './upload.ts'
import { type FeedEvent, type TaskEvent, type WatchOptions, watchTask, watchTasks } from './watch.ts'

export interface SubmitInput {
  definition: string
  /** Default: the promoted version. */
  version?: number
  input?: Record<string, unknown>
  /** Upload ids by the names the definition gives. */
  uploads?: Record<string, string>
  /** When one at a time is allowed and one is running. Default: as the definition says. */
  conflict?: 'refuse' | 'join' | 'wait'
}

/** A definition that is to run by cron. */
export interface ScheduleInput {
  name: string
  definition: string
  input?: Record<string, unknown>
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  cron: string
  /** IANA. Default: UTC. */
  timeZone?: string
  /** The name of the service principal that starts its tasks and owns them. Default: `scheduler`. */
  principal?: string
}

export interface SubmitOptions {
  /** Two submits with one key are one task. */
  idempotencyKey?: string
  /** Seconds to wait for the end, at most 10. */
  wait?: number
  signal?: AbortSignal
}

export interface TaskFilter {
  state?: TaskState[]
  definition?: string
  scope?: string
  /** A principal id, or `me`. */
  owner?: string
  /** Asked for then or later, and before that. */
  createdFrom?: Date
  createdBefore?: Date
  /** Beginnings of words in the title, the scope or the id. */
  q?: string
  pageToken?: string
  /** 1 to 200. */
  limit?: number
}

interface Abortable {
  signal?: AbortSignal
}

/** The API, as methods. Each throws {@link ApiProblem} when the server says no, and {@link ServerUnreachable} when it says nothing. */
export interface ErrandClient {
  /** Where the server is. */
  readonly server: string
  /** Every route as it is, typed by the OpenAPI document; errors are thrown here too. */
  readonly api: FetchClient<paths>
  submit(task: SubmitInput, options?: SubmitOptions): Promise<Task>
  task(id: string, options?: Abortable): Promise<Task>
  tasks(filter?: TaskFilter, options?: Abortable): Promise<TaskPage>
  cancel(id: string, options?: Abortable): Promise<Task>
  /** Removes a task that is over, with its files and its history. */
  deleteTask(id: string, options?: Abortable): Promise<void>
  /** A new task with the same input and files; with `failedItems`, its steps with many items do only those that failed. */
  runAgain(id: string, options?: Abortable & { failedItems?: boolean }): Promise<Task>
  /** Begins no more items; those in hand end. */
  pause(id: string, options?: Abortable): Promise<Task>
  resume(id: string, options?: Abortable): Promise<Task>
  /** Slices of its items at once, 1 to 1,000. */
  setConcurrency(id: string, concurrency: number, options?: Abortable): Promise<Task>
  transitions(id: string, options?: Abortable & { after?: number }): Promise<Transition[]>
  logs(id: string, options?: Abortable & { after?: number }): Promise<LogLine[]>
  /** The items of a step that have failed so far, in their order. `limit` up to 1,000. */
  failedItems(
    id: string,
    step: string,
    options?: Abortable & { limit?: number; pageToken?: string },
  ): Promise<FailedItemPage>
  watchTask(id: string, options?: WatchOptions): AsyncGenerator<TaskEvent>
  watchTasks(options?: Omit<WatchOptions, 'after'>): AsyncGenerator<FeedEvent>
  definitions(options?: Abortable): Promise<Definition[]>
  definition(name: string, options?: Abortable & { version?: number }): Promise<Definition>
  /** New tasks get this version from now on. For staff. */
  promote(name: string, version: number, options?: Abortable): Promise<Definition>
  /** Nothing new begins on this version; refused while anything is open on it. For staff. */
  retire(name: string, version: number, options?: Abortable): Promise<Definition>
  workers(options?: Abortable): Promise<Worker[]>
  /** Whether work moves, and if not, which and why. For staff. */
  status(options?: Abortable): Promise<Status>
  me(options?: Abortable): Promise<Principal>
  upload(body: UploadBody, options?: UploadOptions): Promise<Upload>
  uploaded(id: string, options?: Abortable): Promise<Upload>
  artifact(id: string, options?: Abortable): Promise<Artifact>
  deleteArtifact(id: string, options?: Abortable): Promise<Artifact>
  /** Keeps it until then at least. */
  extendArtifact(id: string, until: Date, options?: Abortable): Promise<Artifact>
  /** Who downloaded, extended or deleted it, the newest first. */
  artifactAccesses(id: string, options?: Abortable): Promise<Access[]>
  /** The scopes whose outputs take most. For staff. */
  storageUsage(options?: Abortable): Promise<ScopeUsage[]>
  /** For staff. */
  retentionPreview(options?: Abortable): Promise<RetentionPreview>
  /** For staff. */
  retentionRun(options?: Abortable): Promise<RetentionDone>
  /** What runs by cron. For staff, as all that follows about schedules. */
  schedules(options?: Abortable): Promise<Schedule[]>
  createSchedule(schedule: ScheduleInput, options?: Abortable): Promise<Schedule>
  removeSchedule(name: string, options?: Abortable): Promise<void>
  /** Starts nothing until it is resumed. */
  pauseSchedule(name: string, options?: Abortable): Promise<Schedule>
  /** Goes on with its next time. */
  resumeSchedule(name: string, options?: Abortable): Promise<Schedule>
  /** @param artifact - the output, or its id */
  download(artifact: Artifact | string, options?: DownloadOptions): Promise<Download>
}

/**
 * A client for browsers and Node.
 *
 * @example
 * ```ts
 * const client = createClient({ server: 'http://127.0.0.1:4400', token })
 * const task = await client.submit({ definition: 'course.export', input: { course } })
 * for await (const event of client.watchTask(task.id)) if (event.type === 'task') show(event.task)
 * ```
 */
export function createClient(options: ClientOptions): ErrandClient {
  const transport = createTransport(options)
  const api = createFetchClient<paths>({ baseUrl: transport.base, fetch: transport.send })

  /** The body of a success. Errors do not come this far: the transport throws them. */
  async function dataOf<Data>(call: Promise<{ data?: Data; response: Response }>): Promise<Data> {
    try {
      const { data, response } = await call
      if (data === undefined) throw notErrand(transport.server, response.status)
      return data
    } catch (error) {
      if (error instanceof SyntaxError) throw notErrand(transport.server, 200)
      if (error instanceof TypeError) throw new ServerUnreachable(transport.server, error)
      throw error
    }
  }

  const artifact = (id: string, abortable: Abortable = {}) =>
    dataOf(api.GET('/api/v1/artifacts/{id}', { params: { path: { id } }, ...abortable }))

  return {
    server: transport.server,
    api,
    submit: (task, { idempotencyKey, wait, ...abortable } = {}) =>
      dataOf(
        api.POST('/api/v1/tasks', {
          params: {
            header: {
              ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
              ...(wait === undefined ? {} : { prefer: `wait=${wait}` }),
            },
          },
          body: task,
          ...abortable,
        }),
      ),
    task: (id, abortable = {}) => dataOf(api.GET('/api/v1/tasks/{id}', { params: { path: { id } }, ...abortable })),
    tasks: ({ createdBefore, createdFrom, pageToken, ...filter } = {}, abortable = {}) =>
      dataOf(
        api.GET('/api/v1/tasks', {
          params: {
            query: {
              ...filter,
              ...(createdFrom === undefined ? {} : { created_from: createdFrom.toISOString() }),
              ...(createdBefore === undefined ? {} : { created_before: createdBefore.toISOString() }),
              ...(pageToken === undefined ? {} : { page_token: pageToken }),
            },
          },
          ...abortable,
        }),
      ),
    cancel: (id, abortable = {}) =>
      dataOf(api.POST('/api/v1/tasks/{id}/cancel', { params: { path: { id } }, ...abortable })),
    deleteTask: async (id, abortable = {}) => {
      await api.DELETE('/api/v1/tasks/{id}', { params: { path: { id } }, ...abortable })
    },
    runAgain: (id, { failedItems, ...abortable } = {}) =>
      dataOf(
        api.POST('/api/v1/tasks/{id}/retry', {
          params: { path: { id }, ...(failedItems ? { query: { failed_items: 'true' as const } } : {}) },
          ...abortable,
        }),
      ),
    pause: (id, abortable = {}) =>
      dataOf(api.POST('/api/v1/tasks/{id}/pause', { params: { path: { id } }, ...abortable })),
    resume: (id, abortable = {}) =>
      dataOf(api.POST('/api/v1/tasks/{id}/resume', { params: { path: { id } }, ...abortable })),
    setConcurrency: (id, concurrency, abortable = {}) =>
      dataOf(
        api.POST('/api/v1/tasks/{id}/concurrency', { params: { path: { id } }, body: { concurrency }, ...abortable }),
      ),
    transitions: async (id, { after = 0, ...abortable } = {}) =>
      (
        await dataOf(
          api.GET('/api/v1/tasks/{id}/transitions', { params: { path: { id }, query: { after } }, ...abortable }),
        )
      ).transitions,
    logs: async (id, { after = 0, ...abortable } = {}) =>
      (await dataOf(api.GET('/api/v1/tasks/{id}/logs', { params: { path: { id }, query: { after } }, ...abortable })))
        .lines,
    failedItems: (id, step, { limit, pageToken, ...abortable } = {}) =>
      dataOf(
        api.GET('/api/v1/tasks/{id}/steps/{step}/failed-items', {
          params: {
            path: { id, step },
            query: {
              ...(limit === undefined ? {} : { limit }),
              ...(pageToken === undefined ? {} : { page_token: pageToken }),
            },
          },
          ...abortable,
        }),
      ),
    watchTask: (id, watch = {}) => watchTask(transport, id, watch),
    watchTasks: (watch = {}) => watchTasks(transport, watch),
    definitions: async (abortable = {}) => (await dataOf(api.GET('/api/v1/definitions', { ...abortable }))).definitions,
    definition: (name, { version, ...abortable } = {}) =>
      dataOf(
        api.GET('/api/v1/definitions/{name}', {
          params: { path: { name }, query: version === undefined ? {} : { version } },
          ...abortable,
        }),
      ),
    promote: (name, version, abortable = {}) =>
      dataOf(
        api.POST('/api/v1/definitions/{name}/{version}/promote', {
          params: { path: { name, version } },
          ...abortable,
        }),
      ),
    retire: (name, version, abortable = {}) =>
      dataOf(
        api.POST('/api/v1/definitions/{name}/{version}/retire', { params: { path: { name, version } }, ...abortable }),
      ),
    workers: async (abortable = {}) => (await dataOf(api.GET('/api/v1/workers', { ...abortable }))).workers,
    status: (abortable = {}) => dataOf(api.GET('/api/v1/status', { ...abortable })),
    me: (abortable = {}) => dataOf(api.GET('/api/v1/me', { ...abortable })),
    upload: (body, uploadOptions = {}) => upload(transport, body, uploadOptions),
    uploaded: (id, abortable = {}) =>
      dataOf(api.GET('/api/v1/uploads/{id}', { params: { path: { id } }, ...abortable })),
    artifact,
    deleteArtifact: (id, abortable = {}) =>
      dataOf(api.DELETE('/api/v1/artifacts/{id}', { params: { path: { id } }, ...abortable })),
    extendArtifact: (id, until, abortable = {}) =>
      dataOf(
        api.POST('/api/v1/artifacts/{id}/extend', {
          params: { path: { id } },
          body: { until: until.toISOString() },
          ...abortable,
        }),
      ),
    artifactAccesses: async (id, abortable = {}) =>
      (await dataOf(api.GET('/api/v1/artifacts/{id}/accesses', { params: { path: { id } }, ...abortable }))).accesses,
    storageUsage: async (abortable = {}) => (await dataOf(api.GET('/api/v1/storage', { ...abortable }))).scopes,
    retentionPreview: (abortable = {}) => dataOf(api.GET('/api/v1/retention', { ...abortable })),
    retentionRun: (abortable = {}) => dataOf(api.POST('/api/v1/retention/run', { ...abortable })),
    schedules: async (abortable = {}) => (await dataOf(api.GET('/api/v1/schedules', { ...abortable }))).schedules,
    createSchedule: (schedule, abortable = {}) =>
      dataOf(api.POST('/api/v1/schedules', { body: schedule, ...abortable })),
    removeSchedule: async (name, abortable = {}) => {
      await api.DELETE('/api/v1/schedules/{name}', { params: { path: { name } }, ...abortable })
    },
    pauseSchedule: (name, abortable = {}) =>
      dataOf(api.POST('/api/v1/schedules/{name}/pause', { params: { path: { name } }, ...abortable })),
    resumeSchedule: (name, abortable = {}) =>
      dataOf(api.POST('/api/v1/schedules/{name}/resume', { params: { path: { name } }, ...abortable })),
    download: async (which, downloadOptions = {}) => {
      const { signal } = downloadOptions
      const known = typeof which === 'string' ? await artifact(which, signal ? { signal } : {}) : which
      return download(transport, known, downloadOptions)
    },
  }
}
