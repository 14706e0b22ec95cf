import type { Task } from '@errand/client'
import { Anchor, Paper, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { definitionsQuery } from '../api/queries.ts'
import { Breakable } from '../ui/breakable.tsx'
import { fieldLabel, seenBy } from '../words/states.ts'
import { count, moment } from '../words/units.ts'
import classes from './task.module.css'

/** What the task was given, who may see it, and when. */
export function Particulars({ task }: { task: Task }) {
  const definitions = useQuery(definitionsQuery)
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="particulars">
      <Title order={2} size="h4" id="particulars">
        Particulars
      </Title>
      <dl className={classes.facts}>
        {Object.entries(task.input).map(([name, value]) => (
          <Fact key={name} name={fieldLabel(name)}>
            <Breakable>{shown(value)}</Breakable>
          </Fact>
        ))}
        <Fact name="Kind">
          {task.definition}, version {task.version}
        </Fact>
        <Fact name="Seen by">{seenBy(task, definitions.data)}</Fact>
        <Fact name="Id">{task.id}</Fact>
        {task.origin.of !== undefined && (
          <Fact name="Run again from">
            <Anchor component={Link} to={`/tasks/${task.origin.of}`} inherit>
              {task.origin.of}
            </Anchor>
          </Fact>
        )}
        {task.origin.schedule !== undefined && <Fact name="Started by the schedule">{task.origin.schedule}</Fact>}
        <Fact name="Asked for">{moment(task.createdAt)}</Fact>
        {task.startedAt !== null && <Fact name="Began">{moment(task.startedAt)}</Fact>}
        {task.finishedAt !== null && <Fact name="Ended">{moment(task.finishedAt)}</Fact>}
      </dl>
    </Paper>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  return typeof value === 'number' ? count(value) : JSON.stringify(value)
}
