import type { Schedule } from '@errand/client'
import { Anchor, Button, Code, Group, Skeleton, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { queryClient, schedulesQuery } from '../api/queries.ts'
import { Breakable } from '../ui/breakable.tsx'
import { useNow } from '../ui/clock.ts'
import { ErrorNotice, lineOf, Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Question } from '../ui/question.tsx'
import { StateMark } from '../ui/state-mark.tsx'
import { WorkingButton } from '../ui/working-button.tsx'
import { subjectOf } from '../words/states.ts'
import { moment, relative, until } from '../words/units.ts'
import { ScheduleForm } from './schedule-form.tsx'
import { Grid, Section } from './section.tsx'

/** What runs by cron: when next, what came of the last time, and, where nothing did, why. */
export function SchedulesPage() {
  const schedules = useQuery(schedulesQuery)
  const [adding, setAdding] = useState(false)
  return (
    <Page
      title="Schedules"
      actions={
        <Button
          variant={adding ? 'default' : 'filled'}
          aria-expanded={adding}
          onClick={() => setAdding((before) => !before)}
        >
          Add a schedule
        </Button>
      }
    >
      {adding && <ScheduleForm onDone={() => setAdding(false)} />}
      {schedules.data === undefined ? (
        schedules.error === null ? (
          <Skeleton height={160} aria-label="Loading" />
        ) : (
          <ErrorNotice error={schedules.error} onRetry={() => void schedules.refetch()} />
        )
      ) : schedules.data.length === 0 ? (
        <Notice title="Nothing runs by itself">
          A schedule starts a task by the clock: every night an export, every Monday a report.
        </Notice>
      ) : (
        <Schedules schedules={schedules.data} />
      )}
    </Page>
  )
}

function Schedules({ schedules }: { schedules: readonly Schedule[] }) {
  const now = useNow()
  return (
    <Section title="What runs by the clock">
      <Grid
        head={['Name', 'State', 'Starts', 'When', 'Next', 'Last', 'What to do']}
        empty=""
        rows={schedules.map((one) => ({
          key: one.name,
          cells: [
            one.name,
            <State key="state" schedule={one} />,
            <Starts key="starts" schedule={one} />,
            <When key="when" schedule={one} />,
            <Next key="next" schedule={one} now={now} />,
            <Last key="last" schedule={one} now={now} />,
            <Controls key="controls" schedule={one} />,
          ],
        }))}
      />
    </Section>
  )
}

interface OfSchedule {
  schedule: Schedule
}

function State({ schedule: { pausedAt, problem } }: OfSchedule) {
  if (pausedAt !== null) return <StateMark tone="quiet" label="Paused" />
  return problem === null ? <StateMark tone="good" label="On" /> : <StateMark tone="bad" label="Refused" />
}

function Starts({ schedule: { definition, principal, scope } }: OfSchedule) {
  return (
    <>
      {definition}
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        <Breakable>{[subjectOf(scope), `as ${principal.name}`].filter(Boolean).join(', ')}</Breakable>
      </Text>
    </>
  )
}

function When({ schedule: { cron, timeZone } }: OfSchedule) {
  return (
    <>
      <Code>{cron}</Code>
      <Text size="xs" c="dimmed">
        {timeZone}
      </Text>
    </>
  )
}

function Next({ schedule: { nextAt }, now }: OfSchedule & { now: number }) {
  if (nextAt === null) return '–'
  return (
    <time dateTime={nextAt} title={moment(nextAt)}>
      {until(nextAt, now)}
    </time>
  )
}

/** The last task that it started; and, where it was refused since then, why. */
function Last({ schedule: { last, problem }, now }: OfSchedule & { now: number }) {
  return (
    <>
      {last === null ? (
        'Nothing yet'
      ) : (
        <Anchor component={Link} to={`/tasks/${last.taskId}`} inherit title={moment(last.dueAt)}>
          {relative(last.dueAt, now)}
        </Anchor>
      )}
      {problem !== null && (
        <Text size="xs" data-tone="bad" c="var(--tone)" style={{ overflowWrap: 'anywhere' }}>
          Refused {relative(problem.dueAt, now)}: {[problem.title, problem.detail].filter(Boolean).join('. ')}
        </Text>
      )}
    </>
  )
}

function Controls({ schedule: { name, pausedAt } }: OfSchedule) {
  const [asking, setAsking] = useState(false)
  const act = useMutation({
    mutationFn: async (what: 'pauseSchedule' | 'resumeSchedule' | 'removeSchedule') => {
      await client[what](name)
    },
    onSuccess: () => setAsking(false),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['schedules'] }),
  })
  const [what, words] =
    pausedAt === null ? (['pauseSchedule', 'Pause'] as const) : (['resumeSchedule', 'Go on'] as const)
  return (
    <Group gap="xs" wrap="nowrap">
      <WorkingButton
        size="xs"
        variant="default"
        aria-label={`${words} ${name}`}
        working={act.isPending}
        onClick={() => act.mutate(what)}
      >
        {words}
      </WorkingButton>
      <Button size="xs" variant="subtle" color="red" aria-label={`Remove ${name}`} onClick={() => setAsking(true)}>
        Remove
      </Button>
      {act.error !== null && !asking && (
        <Text role="alert" size="xs" data-tone="bad" c="var(--tone)">
          {lineOf(act.error)}
        </Text>
      )}
      <Question
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Remove ${name}?`}
        no="Keep it"
        yes="Remove the schedule"
        onYes={() => act.mutate('removeSchedule')}
        pending={act.isPending}
        error={act.error}
      >
        It starts nothing more. The tasks that it has started stay.
      </Question>
    </Group>
  )
}
