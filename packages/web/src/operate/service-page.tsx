import type { Status, Worker } from '@errand/client'
import { Anchor, Button, Skeleton, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { statusQuery, storageQuery, workersQuery } from '../api/queries.ts'
import { Breakable } from '../ui/breakable.tsx'
import { useNow } from '../ui/clock.ts'
import { ErrorNotice, lineOf } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { StateMark } from '../ui/state-mark.tsx'
import { bytes, count, duration, plural, relative } from '../words/units.ts'
import classes from './section.module.css'
import { Grid, Section } from './section.tsx'

/** Whether work moves: queues, what is stuck, who works, and what the outputs take. */
export function ServicePage() {
  const status = useQuery(statusQuery)
  const workers = useQuery(workersQuery)
  const storage = useQuery(storageQuery)
  const error = status.error ?? workers.error
  if (status.data === undefined || workers.data === undefined) {
    return (
      <Page title="Service">
        {error === null ? <Skeleton height={240} aria-label="Loading" /> : <ErrorNotice error={error} />}
      </Page>
    )
  }
  return (
    <Page
      title="Service"
      actions={
        <Button component={Link} to="/retention" variant="default">
          What retention would remove
        </Button>
      }
    >
      <Stuck stuck={status.data.stuck} />
      <Queues queues={status.data.queues} />
      <Workers workers={workers.data} />
      <Section title="Storage in use">
        {storage.error !== null && <Text role="alert">{lineOf(storage.error)}</Text>}
        {storage.isPending && <Skeleton height={80} aria-label="Loading" />}
        {storage.data !== undefined && (
          <Grid
            head={['Scope', 'Files', 'Size', 'Limit']}
            empty="No outputs are kept."
            rows={storage.data.map(({ scope, files, bytes: size, quota }) => ({
              key: scope,
              cells: [
                <Breakable key="scope">{scope}</Breakable>,
                count(files),
                bytes(size),
                quota === null ? 'None' : bytes(quota),
              ],
            }))}
          />
        )}
        {status.data.unpurged > 0 && (
          <Text size="sm" c="dimmed" mt="sm">
            {plural(status.data.unpurged, 'file is', 'files are')} gone from the record and not yet from the storage.
          </Text>
        )}
      </Section>
    </Page>
  )
}

const reasons: { readonly [Why in Status['stuck'][number]['why']]: string } = {
  unserved: 'No live worker serves it',
  'not-claimed': 'Ready, and nobody takes it',
  'no-heartbeat': 'Its worker is silent',
}

function Stuck({ stuck }: { stuck: Status['stuck'] }) {
  return (
    <Section title="Stuck">
      <Grid
        head={['Task', 'Step', 'Why', 'For']}
        empty="Nothing is stuck."
        rows={stuck.map(({ taskId, step, definition, version, why, seconds }) => ({
          key: `${taskId} ${step}`,
          cells: [
            <Anchor key="task" component={Link} to={`/tasks/${taskId}`} inherit>
              {definition}, version {version}
            </Anchor>,
            step,
            reasons[why],
            duration(seconds * 1_000),
          ],
        }))}
      />
    </Section>
  )
}

function Queues({ queues }: { queues: Status['queues'] }) {
  return (
    <Section title="Queues">
      <Grid
        head={['Definition', 'Workers', 'Open', 'Ready', 'Running', 'To be tried again', 'Oldest waits']}
        empty="Nothing waits or runs."
        rows={queues.map(({ definition, version, workers, open, ready, running, retrying, oldestReadySeconds }) => ({
          key: `${definition} ${version}`,
          cells: [
            `${definition}, version ${version}`,
            count(workers),
            count(open),
            count(ready),
            count(running),
            count(retrying),
            ready > 0 ? duration(oldestReadySeconds * 1_000) : '–',
          ],
        }))}
      />
    </Section>
  )
}

function Workers({ workers }: { workers: readonly Worker[] }) {
  const now = useNow()
  return (
    <Section title="Workers">
      <Grid
        head={['Name', 'State', 'At work on', 'Serves', 'Heard of']}
        empty="No worker has been here."
        rows={workers.map((worker) => ({
          key: worker.id,
          cells: [
            `${worker.name} (${worker.host}, ${worker.pid})`,
            <StateMark key="state" tone={worker.live ? 'good' : 'quiet'} label={worker.live ? 'Live' : 'Gone'} />,
            <InHand key="hand" worker={worker} now={now} />,
            worker.serves.map(({ name, version }) => `${name} ${version}`).join(', '),
            relative(worker.heartbeatAt, now),
          ],
        }))}
      />
    </Section>
  )
}

/** How much a worker has in hand, and which steps of which tasks. */
function InHand({ worker: { concurrency, inHand, running }, now }: { worker: Worker; now: number }) {
  return (
    <>
      {count(running)} of {count(concurrency)}
      {inHand !== null && inHand.length > 0 && (
        <ul className={classes.hand}>
          {inHand.map(({ slices, startedAt, step, stepTitle, taskId, title }) => (
            <li key={`${taskId} ${step}`}>
              <Anchor component={Link} to={`/tasks/${taskId}`} inherit underline="always">
                {title}
              </Anchor>
              : {stepTitle}
              {slices !== null && `, ${plural(slices, 'slice')}`}, for {duration(now - Date.parse(startedAt))}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
