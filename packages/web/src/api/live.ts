import { type Allowance, isOver, type Task, type TaskPage, type TaskSummary } from '@errand/client'
import type { InfiniteData, Query } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { LOST_NOTICE } from '../config.ts'
import { isAskedFor } from './asked-for.ts'
import { followFeed } from './feed.ts'
import { asTold, deleted, meQuery, queryClient, type tasksQuery } from './queries.ts'

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
      else if (message.type === 'gone') taskGone(message.id)
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
  readAnew([])
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
  readAnew([])
}

/** What changed between reading a task and the beginning of the feed was told to nobody. */
function begun(): void {
  for (const name of ['task', 'allowance', 'tasks', 'logs', 'transitions', 'failed-items']) readAnew([name])
}

/** A first read that is under way is not begun again, and may say what was before: after it comes another. */
function readAnew(queryKey: readonly string[]): void {
  const first = queryClient
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: 'fetching', predicate: ({ state }) => state.data === undefined })
  void queryClient.invalidateQueries({ queryKey })
  for (const query of first) {
    afterReading(query, () => void queryClient.invalidateQueries({ queryKey: query.queryKey, exact: true }))
  }
}

/** Those of which a read is under way that may say what was before. */
const awaited = new Set<Query>()

/** Mends what a read that is under way brings; once for each, however much is told meanwhile. */
function afterReading(query: Query, mend: () => void): void {
  const read = query.promise
  if (read === undefined || awaited.has(query)) return
  awaited.add(query)
  void read
    .catch(() => undefined)
    .then(() => {
      awaited.delete(query)
      mend()
    })
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
  for (const name of ['logs', 'transitions', 'failed-items']) readAnew([name, task.id])
  if (isOver(task)) placeFreed(task)
  for (const list of lists()) takeIn(task, list)
  // Nobody looks at these, so nothing is counted in them either: they are read anew when somebody does.
  void queryClient.invalidateQueries({ queryKey: ['tasks'], type: 'inactive', refetchType: 'none' })
}

/** Takes a task that was deleted out of what is shown; its own page finds out that there is none. */
export function taskGone(id: string): void {
  deleted.add(id)
  for (const list of lists()) setPages(list, asTold)
  count(id, false)
  void queryClient.invalidateQueries({ queryKey: ['task', id] })
}

/** All that is kept under `tasks` is. */
type List = Query<InfiniteData<TaskPage>, Error, InfiniteData<TaskPage>, ReturnType<typeof tasksQuery>['queryKey']>

const lists = () => queryClient.getQueryCache().findAll({ queryKey: ['tasks'] }) as unknown as List[]

/** Another may be allowed now where there were as many as are allowed; where there were not, it is no news. */
function placeFreed({ definition }: Task): void {
  void queryClient.invalidateQueries({
    queryKey: ['allowance', definition],
    predicate: ({ state }) => (state.data as Allowance | undefined)?.refusal !== null,
  })
}

/** Changes the task's row in a list; or counts it, where the list that is on the screen would show it if it were read now. */
function takeIn(task: Task, list: List): void {
  const { data } = list.state
  if (data === undefined) return
  if (data.pages.some((page) => page.tasks.some(({ id }) => id === task.id))) {
    const replace = (row: TaskSummary) => (row.id === task.id ? task : row)
    setPages(list, (page) => ({ ...page, tasks: page.tasks.map(replace) }))
    return
  }
  // What was new can have ceased to be what is asked for: it waited, and runs now.
  if (list.isActive()) count(task.id, isFresh(task, list.queryKey, data))
}

/** Changes pages of a list where they stand. */
function setPages(list: List, change: (page: TaskPage) => TaskPage): void {
  const { data, dataUpdatedAt, error, isInvalidated, status } = list.state
  if (data === undefined) return
  // The other rows are as old as they were, and what could not be read of the list is missing as before.
  queryClient.setQueryData(list.queryKey, { ...data, pages: data.pages.map(change) }, { updatedAt: dataUpdatedAt })
  list.setState({ error, isInvalidated, status })
  // A next page that is on its way comes with the pages before it as they were when it was asked for.
  afterReading(list as unknown as Query, () => setPages(list, asTold))
}

/** Counts a task among those that are new, or no more. */
function count(id: string, isNew: boolean): void {
  const fresh = new Set(live.fresh)
  if (isNew) fresh.add(id)
  else fresh.delete(id)
  if (fresh.size !== live.fresh.size) set({ fresh })
}

/** Ids grow with time: a task that is older than the last row is on a page that was not read yet. */
function isFresh(task: Task, [, filters]: List['queryKey'], { pages }: InfiniteData<TaskPage>): boolean {
  const oldest = pages.at(-1)?.nextPageToken == null ? undefined : pages.flatMap(({ tasks }) => tasks).at(-1)?.id
  const me = queryClient.getQueryData(meQuery.queryKey)?.id
  return (oldest === undefined || task.id > oldest) && isAskedFor(task, filters, me)
}
