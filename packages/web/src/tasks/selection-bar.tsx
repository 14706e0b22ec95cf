import type { TaskSummary } from '@errand/client'
import { Button, Group, Paper, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { Action } from '../ui/action.tsx'
import { Question } from '../ui/question.tsx'
import { whyNoCancel, whyNoDelete } from '../words/states.ts'
import { count, plural } from '../words/units.ts'

interface SelectionBarProps {
  /** Those that are selected. */
  tasks: readonly TaskSummary[]
  /** How many the list has shown so far. */
  shown: number
  onAll: () => void
  onDone: () => void
}

/** What can be done with several tasks at once; there while any is selected. */
export function SelectionBar({ tasks, shown, onAll, onDone }: SelectionBarProps) {
  if (tasks.length === 0) return null
  return (
    <Paper withBorder p="sm" px="lg">
      <Group justify="space-between">
        <Text fw={600}>{plural(tasks.length, 'task')} selected</Text>
        <Group gap="xs">
          {/* There also once all are, as what has the focus must be. */}
          <Action variant="subtle" whyNot={tasks.length === shown ? 'All of them are' : undefined} onClick={onAll}>
            Select all {count(shown)} shown
          </Action>
          <Button variant="subtle" onClick={onDone}>
            Select none
          </Button>
          <Several
            verb="Cancel"
            tasks={tasks.filter((task) => whyNoCancel(task) === undefined)}
            act={(id) => client.cancel(id)}
            warning="What they have done so far is not kept."
            none="None of them can be canceled: they are over, or not yours"
            no="Let them run"
            onDone={onDone}
          />
          <Several
            verb="Delete"
            tasks={tasks.filter((task) => whyNoDelete(task) === undefined)}
            act={(id) => client.deleteTask(id)}
            warning="Their files and their history go with them, and cannot be brought back."
            none="None of them can be deleted: they are not over, or not yours"
            no="Keep them"
            onDone={onDone}
          />
        </Group>
      </Group>
    </Paper>
  )
}

interface SeveralProps {
  verb: string
  /** Those of the selected ones with which it can be done. */
  tasks: readonly TaskSummary[]
  act: (id: string) => Promise<unknown>
  warning: string
  none: string
  no: string
  onDone: () => void
}

/** One thing to do with several tasks; asks first, and says with how many. */
function Several({ verb, tasks, act, warning, none, no, onDone }: SeveralProps) {
  const [asking, setAsking] = useState(false)
  const doing = useMutation({
    mutationFn: async () => {
      const outcomes = await Promise.allSettled(tasks.map(({ id }) => act(id)))
      // The others are done; what is left is shown again, and says for itself what it is.
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
    onSuccess: () => {
      setAsking(false)
      onDone()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['tasks'] }),
  })
  const words = `${verb} ${plural(tasks.length, 'task')}`
  return (
    <>
      <Action
        color="red"
        variant="light"
        whyNot={tasks.length === 0 ? none : undefined}
        onClick={() => {
          doing.reset()
          setAsking(true)
        }}
      >
        {tasks.length === 0 ? `${verb} none` : words}
      </Action>
      <Question
        opened={asking}
        onClose={() => setAsking(false)}
        title={`${words}?`}
        no={no}
        yes={words}
        onYes={() => doing.mutate()}
        pending={doing.isPending}
        error={doing.error}
      >
        {warning}
      </Question>
    </>
  )
}
