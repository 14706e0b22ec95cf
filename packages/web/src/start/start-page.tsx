import type { Definition, Task } from '@errand/client'
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { definitionsQuery, promotedOf, taskQuery } from '../api/queries.ts'
import { ErrorNotice, Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { StartForm } from './start-form.tsx'

/** One kind of task, and its form; filled when it comes from an earlier task. */
export function StartPage() {
  const { name } = useParams({ from: '/start/$name' })
  const { from } = useSearch({ from: '/start/$name' })
  const definitions = useQuery(definitionsQuery)
  const earlier = useQuery({ ...taskQuery(from ?? ''), enabled: from !== undefined })
  if (definitions.data === undefined || (from !== undefined && earlier.data === undefined)) {
    // Only of what is missing: a form that is there stays, with all that was typed, when something cannot be read again.
    const failed = [definitions, earlier].find(({ data, error }) => data === undefined && error !== null)
    return (
      <Page title="Start a task">
        {failed === undefined ? (
          <Skeleton height={240} aria-label="Loading" />
        ) : (
          <ErrorNotice error={failed.error} onRetry={() => void failed.refetch()} />
        )}
      </Page>
    )
  }
  const definition = promotedOf(definitions.data).find((one) => one.name === name)
  return definition === undefined ? <Unknown /> : <Form definition={definition} earlier={earlier.data} />
}

function Unknown() {
  return (
    <Page title="Start a task">
      <Notice title="This cannot be started">There is nothing of this name, or not any more.</Notice>
    </Page>
  )
}

function Form({ definition, earlier }: { definition: Definition; earlier: Task | undefined }) {
  return (
    <Page title={definition.shape.title}>
      <StartForm key={definition.name} definition={definition} given={earlier?.input ?? {}} />
    </Page>
  )
}
