import { Button, Group, Loader, Paper, Skeleton, Stack, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { nothingFresh, useLive } from '../api/live.ts'
import { tasksQuery } from '../api/queries.ts'
import { ErrorNotice, lineOf, Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { WorkingButton } from '../ui/working-button.tsx'
import { plural } from '../words/units.ts'
import { FilterBar } from './filter-bar.tsx'
import { isNarrowed } from './filters.ts'
import { TaskRows } from './task-rows.tsx'

// What it asks with is no part of a first page.
const SelectionBar = lazy(() => import('./selection-bar.tsx').then((room) => ({ default: room.SelectionBar })))

/** Every task one may see, the newest first. */
export function TaskList() {
  const filters = useSearch({ from: '/' })
  const list = useInfiniteQuery(tasksQuery(filters))
  const live = useLive()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const tasks = list.data?.pages.flatMap((page) => page.tasks) ?? []
  // What came into the rows meanwhile, as all was read anew after a loss, is counted no more.
  const fresh = [...live.fresh].filter((id) => tasks.every((task) => task.id !== id)).length

  // What was read just now has everything in it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it was read
  useEffect(nothingFresh, [list.dataUpdatedAt === 0, filters])

  async function showFresh() {
    await list.refetch()
    nothingFresh()
    window.scrollTo({ top: 0 })
  }

  return (
    <Page
      title="Tasks"
      actions={
        <Button component={Link} to="/start">
          Start a task
        </Button>
      }
    >
      <FilterBar filters={filters} />
      {/* Always there, as what is announced must be; while it is empty it takes no room. */}
      <div role="status" style={fresh > 0 ? {} : { marginBlockStart: 'calc(-1 * var(--mantine-spacing-lg))' }}>
        {fresh > 0 && (
          <Button variant="light" fullWidth onClick={() => void showFresh()}>
            {plural(fresh, 'new task')}: show {fresh === 1 ? 'it' : 'them'}
          </Button>
        )}
      </div>
      {list.isPending ? (
        <Loading />
      ) : list.error !== null && tasks.length === 0 ? (
        <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />
      ) : tasks.length === 0 ? (
        isNarrowed(filters) ? (
          <NothingFound />
        ) : (
          <NothingYet />
        )
      ) : (
        <>
          {selected.size > 0 && (
            <Suspense>
              <SelectionBar
                tasks={tasks.filter(({ id }) => selected.has(id))}
                shown={tasks.length}
                onAll={() => setSelected(new Set(tasks.map(({ id }) => id)))}
                onDone={() => setSelected(new Set())}
              />
            </Suspense>
          )}
          <TaskRows
            tasks={tasks}
            selected={selected}
            onSelect={setSelected}
            onEnd={() => {
              // What could not be read is asked for again by who wants it, not by each row that is drawn.
              const wanted = list.hasNextPage && !list.isFetchingNextPage && !list.isFetchNextPageError
              if (wanted) void list.fetchNextPage()
            }}
          />
          {list.isFetchNextPageError ? (
            <Group justify="center">
              <Text role="alert" size="sm" data-tone="bad" c="var(--tone)">
                {lineOf(list.error)}
              </Text>
              <WorkingButton
                variant="default"
                size="xs"
                working={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                Try again
              </WorkingButton>
            </Group>
          ) : (
            list.isFetchingNextPage && <Loader aria-label="Loading more" size="sm" mx="auto" />
          )}
          {!list.hasNextPage && tasks.length > 10 && (
            <Text size="sm" c="dimmed" ta="center">
              That is all: {plural(tasks.length, 'task')}.
            </Text>
          )}
        </>
      )}
    </Page>
  )
}

function Loading() {
  return (
    <Paper withBorder p="lg" aria-busy="true" aria-label="Loading">
      <Stack>
        {[0, 1, 2, 3].map((row) => (
          <Skeleton key={row} height={48} />
        ))}
      </Stack>
    </Paper>
  )
}

function NothingYet() {
  return (
    <Notice
      title="Nothing here yet"
      action={
        <Button component={Link} to="/start" variant="light">
          See what can be started
        </Button>
      }
    >
      What you start appears here, with its progress and its files. You need not wait for it.
    </Notice>
  )
}

function NothingFound() {
  return (
    <Notice
      title="Nothing matches"
      action={
        <Button component={Link} to="/" variant="default">
          Show all tasks
        </Button>
      }
    >
      There is no task like this, or none that you may see.
    </Notice>
  )
}
