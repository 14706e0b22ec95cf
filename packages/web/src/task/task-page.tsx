import { ApiProblem, type Task } from '@errand/client'
import { Group, Paper, Skeleton, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { meQuery, taskQuery } from '../api/queries.ts'
import { Bar } from '../ui/bar.tsx'
import { Breakable } from '../ui/breakable.tsx'
import { useNow } from '../ui/clock.ts'
import { ErrorNotice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { StateMark } from '../ui/state-mark.tsx'
import { failedSentence, labelOf, sentenceOf, shareOf, subjectOf, toneOf } from '../words/states.ts'
import { duration, moment } from '../words/units.ts'
import { FailureCard } from './failure-card.tsx'
import { History } from './history.tsx'
import { Outputs } from './outputs.tsx'
import { Particulars } from './particulars.tsx'
import { Steps } from './steps.tsx'
import { useTabMark } from './tab-mark.ts'
import { TaskActions } from './task-actions.tsx'

/** One task: how it stands, what comes, what came of it. */
export function TaskPage() {
  const { id } = useParams({ from: '/tasks/$id' })
  const task = useQuery(taskQuery(id))
  // It was deleted elsewhere: what is known of it is no more.
  const isGone = task.error instanceof ApiProblem && task.error.status === 404
  if (task.data !== undefined && !isGone) return <Shown task={task.data} />
  if (task.error !== null) {
    return (
      <Page title="Task">
        <ErrorNotice error={task.error} onRetry={() => void task.refetch()} />
      </Page>
    )
  }
  return (
    <Stack aria-busy="true" aria-label="Loading">
      <Skeleton height={36} width="40%" />
      <Skeleton height={120} />
      <Skeleton height={240} />
    </Stack>
  )
}

function Shown({ task }: { task: Task }) {
  const open = task.finishedAt === null
  const now = useNow(open)
  const me = useQuery(meQuery)
  useTabMark(task)
  return (
    <Page title={task.title} actions={<TaskActions task={task} />}>
      <Paper withBorder p="lg" component="section" aria-label="How it stands">
        <Stack gap="sm">
          <Group justify="space-between" gap="sm">
            <StateMark tone={toneOf(task.state)} label={labelOf(task.state)} />
            <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              <Breakable>{subjectOf(task.scope)}</Breakable>
            </Text>
          </Group>
          <Text size="xl" fw={600} role="status">
            {task.state === 'failed' ? failedSentence(task, now) : sentenceOf(task, now)}
          </Text>
          {open && <Bar share={shareOf(task)} label="Progress of the whole task" />}
          <Group gap="lg" c="dimmed" fz="sm">
            <span>
              {task.owner.name}, {moment(task.createdAt)}
            </span>
            {open && task.startedAt !== null && <span>Running for {duration(now - Date.parse(task.startedAt))}</span>}
            {open && <span>You may leave this page. We will tell you.</span>}
          </Group>
        </Stack>
      </Paper>
      {task.failure !== null && <FailureCard failure={task.failure} staff={me.data?.staff ?? false} />}
      <Outputs artifacts={task.artifacts} />
      <Steps task={task} now={now} />
      <History id={task.id} />
      <Particulars task={task} />
    </Page>
  )
}
