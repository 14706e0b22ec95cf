import {
  type Allowance,
  type Definition,
  type FailedItemPage,
  isTransient,
  type LogLine,
  type Notification,
  type Preferences,
  type Task,
  type TaskFilter,
  type TaskPage,
  type TaskState,
  type TaskSummary,
  type Transition,
} from '@errand/client'
import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { OPERATIONS_POLL, PAGE_SIZE } from '../config.ts'
import { dayBegins } from '../words/units.ts'
import { client } from './client.ts'

/** What the list of tasks is narrowed to; kept in the address of the page. */
export interface TaskFilters {
  state?: TaskState[]
  definition?: string
  scope?: string
  /** `me`, or a principal id. */
  owner?: string
  /** First and last day on which they were asked for, where the reader is: `2026-11-25`. */
  from?: string
  to?: string
  q?: string
}

export const queryClient = new QueryClient({
  defaultOptions: {
    // The feed says what changes; what it does not tell has its own interval.
    queries: { staleTime: 30_000, retry: (count, error) => isTransient(error) && count < 5 },
  },
})

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => client.me({ signal }),
  // Somebody else may have signed in on another page of the browser.
  refetchOnWindowFocus: 'always',
})

/** The filters as the API takes them: a day begins and ends where its reader is. */
function asked({ from, to, ...filters }: TaskFilters): TaskFilter {
  return {
    ...filters,
    ...(from === undefined ? {} : { createdFrom: dayBegins(from) }),
    ...(to === undefined ? {} : { createdBefore: dayBegins(to, 1) }),
  }
}

export const tasksQuery = (filters: TaskFilters) =>
  infiniteQueryOptions({
    queryKey: ['tasks', filters] as const,
    queryFn: async ({ pageParam, signal }): Promise<TaskPage> => {
      const page = await client.tasks(
        { ...asked(filters), limit: PAGE_SIZE, ...(pageParam === undefined ? {} : { pageToken: pageParam }) },
        { signal },
      )
      return asTold(page)
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: TaskPage) => page.nextPageToken ?? undefined,
    // The feed tells what changes, and what it may have missed is read again: new rows push in for no other reason.
    refetchOnWindowFocus: false,
  })

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id],
    queryFn: async ({ signal }): Promise<Task> => newest(await client.task(id, { signal })),
  })

/** Ids of tasks that were deleted while this page was open: a list that was read before may still be on its way. */
export const deleted = new Set<string>()

/** A page of a list with what the feed has told of its tasks. */
export const asTold = (page: TaskPage): TaskPage => ({
  ...page,
  tasks: page.tasks.filter(({ id }) => !deleted.has(id)).map(newest),
})

/** The feed can tell a later state of a task while an earlier one, read before, is still on its way. */
function newest<Read extends TaskSummary>(read: Read): Read | Task {
  const told = queryClient.getQueryData<Task>(['task', read.id])
  return told !== undefined && told.sequence > read.sequence ? told : read
}

/** Reads only what is new since the last time: both only ever grow. */
export const logsQuery = (id: string) =>
  queryOptions({
    queryKey: ['logs', id],
    queryFn: async ({ signal }): Promise<LogLine[]> => {
      const known = queryClient.getQueryData<LogLine[]>(['logs', id]) ?? []
      return [...known, ...(await client.logs(id, { signal, after: known.at(-1)?.id ?? 0 }))]
    },
  })

export const transitionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['transitions', id],
    queryFn: async ({ signal }): Promise<Transition[]> => {
      const known = queryClient.getQueryData<Transition[]>(['transitions', id]) ?? []
      return [...known, ...(await client.transitions(id, { signal, after: known.at(-1)?.sequence ?? 0 }))]
    },
  })

export const definitionsQuery = queryOptions({
  queryKey: ['definitions'],
  queryFn: ({ signal }) => client.definitions({ signal }),
})

export const workersQuery = queryOptions({
  queryKey: ['workers'],
  queryFn: ({ signal }) => client.workers({ signal }),
  refetchInterval: OPERATIONS_POLL,
})

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => client.status({ signal }),
  refetchInterval: OPERATIONS_POLL,
})

export const schedulesQuery = queryOptions({
  queryKey: ['schedules'],
  queryFn: ({ signal }) => client.schedules({ signal }),
  refetchInterval: OPERATIONS_POLL,
})

/** What retention would remove. It reads whole storages, so it is asked when somebody wants to know, and not again by itself. */
export const retentionQuery = queryOptions({
  queryKey: ['retention'],
  queryFn: ({ signal }) => client.retentionPreview({ signal }),
  staleTime: Number.POSITIVE_INFINITY,
})

export const storageQuery = queryOptions({
  queryKey: ['storage'],
  queryFn: ({ signal }) => client.storageUsage({ signal }),
})

/** The items of a step that failed, page after page. */
export const failedItemsQuery = (id: string, step: string) =>
  infiniteQueryOptions({
    queryKey: ['failed-items', id, step],
    queryFn: ({ pageParam, signal }): Promise<FailedItemPage> =>
      client.failedItems(id, step, {
        limit: PAGE_SIZE,
        signal,
        ...(pageParam === undefined ? {} : { pageToken: pageParam }),
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: FailedItemPage) => page.nextPageToken ?? undefined,
  })

/** Who had a file, the newest first. */
export const accessesQuery = (id: string) =>
  queryOptions({
    queryKey: ['accesses', id],
    queryFn: ({ signal }) => client.artifactAccesses(id, { signal }),
    staleTime: 0,
  })

/** Whether I may start such a task about this; if not, `refusal` says what is in the way. */
export const allowanceQuery = (name: string, scope: string) =>
  queryOptions({
    queryKey: ['allowance', name, scope],
    queryFn: async ({ signal }): Promise<Allowance | undefined> => {
      const params = { path: { name }, query: { scope } }
      return (await client.api.GET('/api/v1/definitions/{name}/allowance', { params, signal })).data
    },
  })

/** One's inbox, the newest first. */
export const inboxQuery = infiniteQueryOptions({
  queryKey: ['inbox'],
  queryFn: async ({ pageParam, signal }): Promise<Notification[]> => {
    const query = { limit: PAGE_SIZE, ...(pageParam === undefined ? {} : { before: pageParam }) }
    const { data } = await client.api.GET('/api/v1/notifications', { params: { query }, signal })
    if (data === undefined) return []
    queryClient.setQueryData(['unread'], data.unread)
    return data.notifications
  },
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: Notification[]) => (page.length < PAGE_SIZE ? undefined : page.at(-1)?.id),
})

/** How many are unread. The feed says it first of all, and whenever it changes; this is for before it does. */
export const unreadQuery = queryOptions({
  queryKey: ['unread'],
  queryFn: async ({ signal }): Promise<number> => {
    const { data } = await client.api.GET('/api/v1/notifications', { params: { query: { limit: 1 } }, signal })
    return data?.unread ?? 0
  },
})

export const preferencesQuery = queryOptions({
  queryKey: ['preferences'],
  queryFn: async ({ signal }): Promise<Preferences | undefined> =>
    (await client.api.GET('/api/v1/preferences', { signal })).data,
})

/** The version that new tasks get, of each name. */
export function promotedOf(definitions: readonly Definition[]): Definition[] {
  return definitions.filter((one) => one.promoted).sort((a, b) => a.shape.title.localeCompare(b.shape.title))
}
