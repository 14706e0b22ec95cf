import { type Allowance, isOver, type Task, type TaskPage, type TaskSummary } from '@errand/client'
import type { InfiniteData, QueryKey } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { LOST_NOTICE } from '../config.ts'
import { isAskedFor } from './asked-for.ts'
import { followFeed } from './feed.ts'
import { meQuery, queryClient, type tasksQuery } from './queries.ts'

interface Live {
  /** Whether changes arrive. */
  up: boolean
  /** Whether the feed has ended, as nobody is signed in any more. */
  signedOut: boolean
  /** Tasks that the list on the screen would show since it was read, and does not. */
  fresh: ReadonlySet<string>
}

let live: Live = { up: true, signedOut: false, fresh: new Set() }
const readers = new Set<() => void>()
let lostTimer: ReturnType<typeof setTimeout> | undefined

function set(next: Partial<Live>): void {
  live = { ...live, ...next }
  for (const reader of readers) reader()
}

/** What the feed says of itself. */
export function useLive(): Live {
  return useSyncExternalStore(
    (reader) => {
      readers.add(reader)
      return () => readers.delete(reader)
    },
    () => live,
  )
}

/** Keeps everything that is shown as it is in the record, for as long as somebody is signed in. */
export function useFeed(person: string): void {
  const { signedOut } = useLive()
  useEffect(() => {
    if (signedOut) return
    return followFeed(person, (message) => {
      if (message.type === 'task') taskChanged(message.task)
      else if (message.type === 'inbox') inboxChanged(message.unread)
      else if (message.type === 'begun') begun()
      else if (message.type === 'connection') connection(message.up)
      else sessionEnded()
    })
  }, [person, signedOut])
}

function sessionEnded(): void {
  clearTimeout(lostTimer)
  set({ up: true, signedOut: true })
  // From now on it is asked again whenever somebody comes back to this page, perhaps from signing in on another.
  void queryClient.invalidateQueries({ queryKey: meQuery.queryKey })
}

/** The server knows who is there: where nobody was signed in for a while, changes are followed again. */
export function signedIn(): void {
  if (!live.signedOut) return
  set({ signedOut: false })
  // What happened meanwhile was told to nobody.
  void readAnew([])
}

/** The list was read anew: nothing is new in it any more. */
export function nothingFresh(): void {
  if (live.fresh.size > 0) set({ fresh: new Set() })
}

function connection(up: boolean): void {
  clearTimeout(lostTimer)
  if (!up) {
    lostTimer = setTimeout(() => set({ up: false }), LOST_NOTICE)
    return
  }
  set({ up: true })
  // What happened meanwhile was told to nobody.
  void readAnew([])
}

/** What changed between reading a task and the beginning of the feed was told to nobody. */
function begun(): void {
  void readAnew(['task'])
  void readAnew(['allowance'])
  void readAnew(['tasks'])
}

/** A first read that is under way is not begun again, and may say what was before: after it comes another. */
async function readAnew(queryKey: readonly string[]): Promise<void> {
  const first = queryClient
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: 'fetching', predicate: ({ state }) => state.data === undefined })
  void queryClient.invalidateQueries({ queryKey })
  for (const read of first) {
    await read.promise?.catch(() => undefined)
    void queryClient.invalidateQueries({ queryKey: read.queryKey, exact: true })
  }
}

/** Keeps the count of the bell true; what the inbox shows is read anew. */
export function inboxChanged(unread: number): void {
  queryClient.setQueryData(['unread'], unread)
  void queryClient.invalidateQueries({ queryKey: ['inbox'] })
}

/** Puts the task as it is now wherever it is shown. Rows change where they stand; none is moved or added. */
export function taskChanged(task: Task): void {
  const shown = queryClient.getQueryData<Task>(['task', task.id])
  if (shown === undefined || shown.sequence <= task.sequence) queryClient.setQueryData(['task', task.id], task)
  void queryClient.invalidateQueries({ queryKey: ['logs', task.id] })
  void queryClient.invalidateQueries({ queryKey: ['transitions', task.id] })
  void queryClient.invalidateQueries({ queryKey: ['failed-items', task.id] })
  if (isOver(task)) placeFreed(task)
  for (const [queryKey, data] of queryClient.getQueriesData<InfiniteData<TaskPage>>({ queryKey: ['tasks'] })) {
    if (data !== undefined) takeIn(task, queryKey, data)
  }
  // Nobody looks at these, so nothing is counted in them either: they are read anew when somebody does.
  void queryClient.invalidateQueries({ queryKey: ['tasks'], type: 'inactive', refetchType: 'none' })
}

/** Another may be allowed now where there were as many as are allowed; where there were not, it is no news. */
function placeFreed({ definition }: Task): void {
  void queryClient.invalidateQueries({
    queryKey: ['allowance', definition],
    predicate: ({ state }) => (state.data as Allowance | undefined)?.refusal !== null,
  })
}

/** Changes the task's row in a list; or counts it, where the list that is on the screen would show it if it were read now. */
function takeIn(task: Task, queryKey: QueryKey, data: InfiniteData<TaskPage>): void {
  const list = queryClient.getQueryCache().find({ queryKey, exact: true })
  if (data.pages.some((page) => page.tasks.some(({ id }) => id === task.id))) {
    const replace = (row: TaskSummary) => (row.id === task.id ? task : row)
    const pages = data.pages.map((page) => ({ ...page, tasks: page.tasks.map(replace) }))
    const { dataUpdatedAt = 0, error = null, status = 'success' } = list?.state ?? {}
    // The other rows are as old as they were, and what could not be read of the list is missing as before.
    queryClient.setQueryData(queryKey, { ...data, pages }, { updatedAt: dataUpdatedAt })
    list?.setState({ error, status })
    return
  }
  if (list?.isActive() !== true) return
  const fresh = new Set(live.fresh)
  // What was new can have ceased to be what is asked for: it waited, and runs now.
  if (isFresh(task, queryKey, data)) fresh.add(task.id)
  else fresh.delete(task.id)
  if (fresh.size !== live.fresh.size) set({ fresh })
}

/** Ids grow with time: a task that is older than the last row is on a page that was not read yet. */
function isFresh(task: Task, queryKey: QueryKey, { pages }: InfiniteData<TaskPage>): boolean {
  // All that is kept under `tasks` is.
  const [, filters] = queryKey as ReturnType<typeof tasksQuery>['queryKey']
  const last = pages.at(-1)
  const oldest = last?.nextPageToken == null ? undefined : last.tasks.at(-1)?.id
  const me = queryClient.getQueryData(meQuery.queryKey)?.id
  return (oldest === undefined || task.id > oldest) && isAskedFor(task, filters, me)
}
