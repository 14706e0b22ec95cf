import type { Task } from '@errand/client'
import { Group, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { taskChanged } from '../api/live.ts'
import { allowanceQuery, queryClient } from '../api/queries.ts'
import { Action } from '../ui/action.tsx'
import { lineOf } from '../ui/notice.tsx'
import { Question } from '../ui/question.tsx'
import { whyNoCancel, whyNoDelete, whyNoItemRetry, whyNoRetry, whyNoStart } from '../words/states.ts'
import { plural } from '../words/units.ts'

/** What can be done with a task; what cannot says why. */
export function TaskActions({ task }: { task: Task }) {
  const navigate = useNavigate()
  const [asking, setAsking] = useState<'cancel' | 'delete'>()
  const allowance = useQuery(allowanceQuery(task.definition, task.scope))
  const files = task.artifacts.filter(({ state }) => state === 'available').length
  const cancel = useMutation({
    mutationFn: () => client.cancel(task.id),
    onSuccess: (after) => {
      setAsking(undefined)
      taskChanged(after)
    },
  })
  const remove = useMutation({
    mutationFn: () => client.deleteTask(task.id),
    onSuccess: async () => {
      await navigate({ to: '/' })
      queryClient.removeQueries({ queryKey: ['task', task.id] })
      await queryClient.invalidateQueries({ queryKey: ['tasks'] })
    },
  })
  const again = useMutation({
    mutationFn: (failedItems: boolean) => client.runAgain(task.id, { failedItems }),
    onSuccess: (next) => navigate({ to: '/tasks/$id', params: { id: next.id } }),
  })
  return (
    <Group gap="xs">
      <Action whyNot={whyNoCancel(task)} onClick={() => setAsking('cancel')}>
        Cancel
      </Action>
      <Action whyNot={whyNoRetry(task)} working={again.isPending} onClick={() => again.mutate(false)}>
        Retry
      </Action>
      {task.steps.some(({ kind }) => kind === 'fan-out') && (
        <Action whyNot={whyNoItemRetry(task)} working={again.isPending} onClick={() => again.mutate(true)}>
          Retry failed items
        </Action>
      )}
      <Action
        whyNot={whyNoStart(allowance.data)}
        onClick={() =>
          void navigate({ to: '/start/$name', params: { name: task.definition }, search: { from: task.id } })
        }
      >
        Run again with changes
      </Action>
      <Action whyNot={whyNoDelete(task)} onClick={() => setAsking('delete')}>
        Delete
      </Action>
      {again.error !== null && (
        <Text role="alert" size="sm" data-tone="bad" c="var(--tone)">
          {lineOf(again.error)}
        </Text>
      )}
      <Question
        opened={asking === 'cancel'}
        onClose={() => setAsking(undefined)}
        title={`Cancel “${task.title}”?`}
        no="Let it run"
        yes="Cancel the task"
        onYes={() => cancel.mutate()}
        pending={cancel.isPending}
        error={cancel.error}
      >
        What it has done so far is not kept.
      </Question>
      <Question
        opened={asking === 'delete'}
        onClose={() => setAsking(undefined)}
        title={`Delete “${task.title}”?`}
        no="Keep it"
        yes="Delete the task"
        onYes={() => remove.mutate()}
        pending={remove.isPending}
        error={remove.error}
      >
        {files > 0 && `${plural(files, 'file')} will be gone. `}Its history goes with it, and cannot be brought back.
      </Question>
    </Group>
  )
}
