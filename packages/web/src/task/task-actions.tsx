import type { Task } from '@errand/client'
import { Button, Group, Modal, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { taskChanged } from '../api/live.ts'
import { Action } from '../ui/action.tsx'
import { lineOf } from '../ui/notice.tsx'
import { whyNoCancel, whyNoItemRetry, whyNoRetry } from '../words/states.ts'

/** What can be done with a task; what cannot says why. */
export function TaskActions({ task }: { task: Task }) {
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const cancel = useMutation({
    mutationFn: () => client.cancel(task.id),
    onSuccess: (after) => {
      setAsking(false)
      taskChanged(after)
    },
  })
  const again = useMutation({
    mutationFn: (failedItems: boolean) => client.runAgain(task.id, { failedItems }),
    onSuccess: (next) => navigate({ to: '/tasks/$id', params: { id: next.id } }),
  })
  return (
    <Group gap="xs">
      <Action whyNot={whyNoCancel(task)} onClick={() => setAsking(true)}>
        Cancel
      </Action>
      <Action whyNot={whyNoRetry(task)} loading={again.isPending} onClick={() => again.mutate(false)}>
        Retry
      </Action>
      {task.steps.some(({ kind }) => kind === 'fan-out') && (
        <Action whyNot={whyNoItemRetry(task)} loading={again.isPending} onClick={() => again.mutate(true)}>
          Retry failed items
        </Action>
      )}
      <Action
        onClick={() =>
          void navigate({ to: '/start/$name', params: { name: task.definition }, search: { from: task.id } })
        }
      >
        Run again with changes
      </Action>
      {again.error !== null && (
        <Text role="alert" size="sm" data-tone="bad" c="var(--tone)">
          {lineOf(again.error)}
        </Text>
      )}
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Cancel “${task.title}”?`} centered>
        <Text mb="lg">What it has done so far is not kept. {cancel.error && lineOf(cancel.error)}</Text>
        <Group justify="end">
          <Button variant="default" onClick={() => setAsking(false)}>
            Let it run
          </Button>
          <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel the task
          </Button>
        </Group>
      </Modal>
    </Group>
  )
}
