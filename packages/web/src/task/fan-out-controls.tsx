import type { Step, Task } from '@errand/client'
import { Button, Group, NumberInput, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { client } from '../api/client.ts'
import { taskChanged } from '../api/live.ts'
import { MAX_CONCURRENCY } from '../config.ts'
import { lineOf } from '../ui/notice.tsx'
import { isPaused } from '../words/states.ts'
import classes from './steps.module.css'

/** For a step with many items: stop for now, go on, and how many are worked on side by side. */
export function FanOutControls({ taskId, step }: { taskId: string; step: Step }) {
  const [slices, setSlices] = useState<number | string>('')
  const paused = isPaused(step)
  const act = useMutation({
    mutationFn: (what: (id: string) => Promise<Task>) => what(taskId),
    onSuccess: taskChanged,
  })
  function apply(event: FormEvent) {
    event.preventDefault()
    if (typeof slices === 'number') act.mutate((id) => client.setConcurrency(id, slices))
  }
  return (
    <div className={classes.controls}>
      <Group gap="xs" align="end">
        <Button
          variant="default"
          size="xs"
          loading={act.isPending}
          onClick={() => act.mutate(paused ? (id) => client.resume(id) : (id) => client.pause(id))}
        >
          {paused ? 'Go on' : 'Pause'}
        </Button>
        <Group component="form" gap="xs" align="end" onSubmit={apply}>
          <NumberInput
            size="xs"
            w="8.5rem"
            label="Slices side by side"
            placeholder="As declared"
            min={1}
            max={MAX_CONCURRENCY}
            allowDecimal={false}
            value={slices}
            onChange={setSlices}
          />
          <Button type="submit" variant="default" size="xs" disabled={typeof slices !== 'number'}>
            Set
          </Button>
        </Group>
      </Group>
      <Text role="status" size="sm" c="dimmed">
        {act.error !== null && lineOf(act.error)}
        {act.isSuccess && typeof slices === 'number' && !act.isPending && `At most ${slices} side by side from now on.`}
      </Text>
    </div>
  )
}
