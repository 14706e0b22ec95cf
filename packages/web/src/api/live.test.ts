import type { Allowance, Task, TaskPage } from '@errand/client'
import { type InfiniteData, InfiniteQueryObserver, QueryObserver } from '@tanstack/react-query'
import { afterEach, expect, test, vi } from 'vitest'
import { taskChanged, taskGone } from './live.ts'
import { allowanceQuery, queryClient, tasksQuery, transitionsQuery } from './queries.ts'

// Where the page came from.
vi.hoisted(() => vi.stubGlobal('location', { origin: 'http://127.0.0.1' }))

afterEach(() => queryClient.clear())

const task = (state: Task['state']) =>
  ({ id: 'one', definition: 'export', scope: 'course:a', sequence: 1, state }) as Partial<Task> as Task

test('whoever was refused is asked about again once a task is over, and whoever was not is not', () => {
  const known = (scope: string, refusal: string | null) => {
    const { queryKey } = allowanceQuery('export', scope)
    queryClient.setQueryData<Allowance>(queryKey, { mayStart: true, limits: [], refusal })
    return () => queryClient.getQueryState(queryKey)?.isInvalidated
  }
  const refused = known('course:a', '1 at a time is allowed for one person, and 1 is not over.')
  const allowed = known('course:b', null)
  taskChanged(task('running'))
  expect([refused(), allowed()]).toEqual([false, false])
  taskChanged(task('completed'))
  expect([refused(), allowed()]).toEqual([true, false])
})

test('a row that changes does not make a page be asked for that could not be read', () => {
  const { queryKey } = tasksQuery({})
  const pages = [{ tasks: [task('running')], nextPageToken: 'next' }]
  queryClient.setQueryData<InfiniteData<TaskPage>>(queryKey, { pages, pageParams: [undefined] })
  const list = queryClient.getQueryCache().find<InfiniteData<TaskPage>>({ queryKey })
  const error = new Error('A fault of the server')
  list?.setState({ status: 'error', error })
  taskChanged(task('completed'))
  expect(list?.state).toMatchObject({ status: 'error', error })
  expect(list?.state.data?.pages[0]?.tasks[0]?.state).toBe('completed')
})

/** A list that is on the screen, whose next page is on its way. */
function nextPage(...rows: Task[]) {
  const { queryKey } = tasksQuery({})
  const pages = [{ tasks: rows, nextPageToken: 'next' }]
  queryClient.setQueryData<InfiniteData<TaskPage>>(queryKey, { pages, pageParams: [undefined] })
  const { promise, resolve } = Promise.withResolvers<TaskPage>()
  const list = new InfiniteQueryObserver(queryClient, { ...tasksQuery({}), queryFn: () => promise })
  const stop = list.subscribe(() => undefined)
  const read = list.fetchNextPage()
  return async () => {
    resolve({ tasks: [], nextPageToken: null })
    await read
    // What waited for it as well has its turn.
    await new Promise((done) => setTimeout(done))
    stop()
    return queryClient.getQueryData(queryKey)?.pages.flatMap(({ tasks }) => tasks.map(({ id, state }) => [id, state]))
  }
}

test('what changes, and what is deleted, while the next page of a list is on its way is so after it came', async () => {
  const arrive = nextPage(task('running'), { ...task('running'), id: 'two' })
  taskChanged({ ...task('completed'), sequence: 2 })
  taskGone('two')
  expect(await arrive()).toEqual([['one', 'completed']])
})

test('the history is read once more where its first read was under way as the task changed', async () => {
  const reads: ((none: []) => void)[] = []
  const history = new QueryObserver(queryClient, {
    ...transitionsQuery('one'),
    queryFn: () => new Promise<[]>((resolve) => reads.push(resolve)),
  })
  const stop = history.subscribe(() => undefined)
  taskChanged(task('running'))
  taskChanged(task('completed'))
  reads[0]?.([])
  await expect.poll(() => reads.length).toBe(2)
  stop()
})
