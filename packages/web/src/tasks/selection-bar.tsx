import type { TaskSummary } from '@errand/client'
import { Button, Group, Modal, Paper, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { lineOf } from '../ui/notice.tsx'
import { whyNoCancel } from '../words/states.ts'
import { plural } from '../words/units.ts'

/** What can be done with several tasks at once; there while any is selected. */
export function SelectionBar({ tasks, onDone }: { tasks: readonly TaskSummary[]; onDone: () => void }) {
  const [asking, setAsking] = useState(false)
  const open = tasks.filter((task) => whyNoCancel(task) === undefined)
  const cancel = useMutation({
    mutationFn: () => Promise.all(open.map(({ id }) => client.cancel(id))),
    onSuccess: () => {
      setAsking(false)
      onDone()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['tasks'] }),
  })
  if (tasks.length === 0) return null
  return (
    <Paper withBorder p="sm" px="lg">
      <Group justify="space-between">
        <Text fw={600}>{plural(tasks.length, 'task')} selected</Text>
        <Group gap="xs">
          <Button variant="subtle" onClick={onDone}>
            Select none
          </Button>
          <Button color="red" variant="light" disabled={open.length === 0} onClick={() => setAsking(true)}>
            Cancel {open.length === 0 ? 'none: all are over' : plural(open.length, 'task')}
          </Button>
        </Group>
      </Group>
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Cancel ${plural(open.length, 'task')}?`} centered>
        <Text mb="lg">What they have done so far is not kept. {cancel.error && lineOf(cancel.error)}</Text>
        <Group justify="end">
          <Button variant="default" onClick={() => setAsking(false)}>
            Let them run
          </Button>
          <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel {plural(open.length, 'task')}
          </Button>
        </Group>
      </Modal>
    </Paper>
  )
}
