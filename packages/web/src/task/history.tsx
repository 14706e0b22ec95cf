import type { Transition } from '@errand/client'
import { Paper, Tabs, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { logsQuery, taskQuery, transitionsQuery } from '../api/queries.ts'
import { labelOf, stepLabel, taskStates } from '../words/states.ts'
import { moment } from '../words/units.ts'
import classes from './task.module.css'

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/** What was done, in the task's own words, and each change of state. */
export function History({ id }: { id: string }) {
  const logs = useQuery(logsQuery(id))
  const transitions = useQuery(transitionsQuery(id))
  const task = useQuery(taskQuery(id))
  const titles = new Map((task.data?.steps ?? []).map(({ name, title }) => [name, title]))
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="history">
      <Title order={2} size="h4" id="history" mb="xs">
        What happened
      </Title>
      <Tabs defaultValue="log" keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="log">Activity</Tabs.Tab>
          <Tabs.Tab value="transitions">Changes of state</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="log">
          {logs.data?.length === 0 && <Text c="dimmed">Nothing was noted.</Text>}
          <Lines
            label="Activity"
            rows={(logs.data ?? []).map(({ id: line, at, message }) => ({ key: line, at, text: message }))}
          />
        </Tabs.Panel>
        <Tabs.Panel value="transitions">
          <Lines
            label="Changes of state"
            rows={(transitions.data ?? []).map((one) => ({
              key: one.sequence,
              at: one.at,
              text: changeWords(one, titles),
            }))}
          />
        </Tabs.Panel>
      </Tabs>
    </Paper>
  )
}

function changeWords({ step, to, reason }: Transition, titles: ReadonlyMap<string, string>): string {
  const state = taskStates.find((known) => known === to)
  const what =
    step === null
      ? `The task: ${state === undefined ? to : labelOf(state)}`
      : `${titles.get(step) ?? step}: ${stepLabel(to)}`
  return reason === null ? what : `${what} (${reason})`
}

function Lines({ rows, label }: { label: string; rows: readonly { key: number; at: string; text: string }[] }) {
  if (rows.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <ol className={classes.lines} tabIndex={0} aria-label={label}>
      {rows.map(({ key, at, text }) => (
        <li key={key} className={classes.line}>
          <time dateTime={at} title={moment(at)}>
            {clock.format(new Date(at))}
          </time>
          <span>{text}</span>
        </li>
      ))}
    </ol>
  )
}
