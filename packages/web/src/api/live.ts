import type { Task, TaskPage, TaskSummary } from '@errand/client'
import type { InfiniteData } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { LOST_NOTICE } from '../config.ts'
import { followFeed } from './feed.ts'
import { queryClient } from './queries.ts'

interface Live {
  /** Whether changes arrive. */
  up: boolean
  /** Tasks that began since the list was read, and are in none of its pages. */
  fresh: ReadonlySet<string>
}

let live: Live = { up: true, fresh: new Set() }
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
export function useFeed(): void {
  useEffect(
    () =>
      followFeed((message) => {
        if (message.type === 'task') taskChanged(message.task)
        else if (message.type === 'inbox') inboxChanged(message.unread)
        else if (message.type === 'begun') begun()
        else connection(message.up)
      }),
    [],
  )
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
  let known = false
  queryClient.setQueriesData<InfiniteData<TaskPage>>({ queryKey: ['tasks'] }, (data) => {
    if (!data?.pages.some((page) => page.tasks.some(({ id }) => id === task.id))) return data
    known = true
    const replace = (row: TaskSummary) => (row.id === task.id ? task : row)
    return { ...data, pages: data.pages.map((page) => ({ ...page, tasks: page.tasks.map(replace) })) }
  })
  if (!known && isNewest(task)) set({ fresh: new Set([...live.fresh, task.id]) })
}

/** Ids grow with time: a task that is older than the first row is on a page that was not read yet. */
function isNewest(task: Task): boolean {
  const lists = queryClient.getQueriesData<InfiniteData<TaskPage>>({ queryKey: ['tasks'] })
  return lists.some(([, data]) => {
    const first = data?.pages[0]?.tasks[0]
    return data !== undefined && (first === undefined || task.id > first.id)
  })
}
