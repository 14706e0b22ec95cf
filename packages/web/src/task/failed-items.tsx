import { Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { failedItemsQuery } from '../api/queries.ts'
import { lineOf } from '../ui/notice.tsx'
import { ShowMore } from '../ui/show-more.tsx'
import { plural } from '../words/units.ts'
import classes from './task.module.css'

/** Which items of a step failed and why; read once it is opened. */
export function FailedItems({ taskId, step, failed }: { taskId: string; step: string; failed: number }) {
  return (
    <details className={classes.items}>
      <summary>{plural(failed, 'item')} failed</summary>
      <List taskId={taskId} step={step} />
    </details>
  )
}

function List({ taskId, step }: { taskId: string; step: string }) {
  const pages = useInfiniteQuery(failedItemsQuery(taskId, step))
  const items = pages.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      {pages.error !== null && <Text role="alert">{lineOf(pages.error)}</Text>}
      <dl className={classes.facts}>
        {items.map(({ attempts, detail, key, title }) => (
          <div key={key} className={classes.pair}>
            <dt>{key}</dt>
            <dd>
              {title}. {detail}
              {attempts > 1 && ` Tried ${plural(attempts, 'time')}.`}
            </dd>
          </div>
        ))}
      </dl>
      <ShowMore pages={pages} size="xs" mt="xs">
        Show more
      </ShowMore>
    </>
  )
}
