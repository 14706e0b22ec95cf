import type { RetentionPreview } from '@errand/client'
import { Skeleton, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { retentionQuery } from '../api/queries.ts'
import { ErrorNotice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { WorkingButton } from '../ui/working-button.tsx'
import { labelOf } from '../words/states.ts'
import { bytes, count, plural } from '../words/units.ts'
import { Grid, Section } from './section.tsx'

/** What the next night would take away, and how much room that makes. Looking changes nothing. */
export function RetentionPage() {
  const preview = useQuery(retentionQuery)
  return (
    <Page
      title="Retention"
      actions={
        <WorkingButton variant="default" working={preview.isFetching} onClick={() => void preview.refetch()}>
          Look again
        </WorkingButton>
      }
    >
      {preview.error !== null ? (
        <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} />
      ) : preview.data === undefined ? (
        <Skeleton height={240} aria-label="Loading" />
      ) : (
        <Due due={preview.data} />
      )}
    </Page>
  )
}

function Due({ due: { files, history, orphans, uploads } }: { due: RetentionPreview }) {
  const tasks = history.reduce((sum, { tasks }) => sum + tasks, 0)
  const room = files.bytes + uploads.bytes + orphans.reduce((sum, one) => sum + one.bytes, 0)
  return (
    <>
      <Text size="lg">
        {tasks + files.count + uploads.count === 0 && room === 0
          ? 'Nothing is due.'
          : `${plural(tasks, 'task')}, ${plural(files.count, 'file')} and ${plural(uploads.count, 'upload')} would go, and free ${bytes(room)}.`}{' '}
        <Text span c="dimmed" inherit>
          It happens every night by itself.
        </Text>
      </Text>
      <Section title="History">
        <Grid
          head={['Definition', 'Ended as', 'Tasks', 'Kept for now, as a file of theirs is']}
          empty="No task has been over for long enough."
          rows={history.map(({ definition, held, state, tasks }) => ({
            key: `${definition} ${state}`,
            cells: [definition, labelOf(state), count(tasks), count(held)],
          }))}
        />
      </Section>
      <Section title="Files">
        <Grid
          head={['What', 'Count', 'Size']}
          empty=""
          rows={[
            { key: 'files', cells: ['Outputs whose time is over', count(files.count), bytes(files.bytes)] },
            { key: 'uploads', cells: ['Uploads that no task needs', count(uploads.count), bytes(uploads.bytes)] },
            ...orphans.map(({ bytes: size, count: objects, skipped, storage }) => ({
              key: storage,
              cells: [
                `Objects in the storage “${storage}” that no record knows of${skipped === null ? '' : `: not looked for, as ${skipped}`}`,
                count(objects),
                bytes(size),
              ],
            })),
          ]}
        />
      </Section>
    </>
  )
}
