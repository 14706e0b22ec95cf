import type { Step } from '@errand/client'
import { Button, Group, NumberInput, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { client } from '../api/client.ts'
import { taskChanged } from '../api/live.ts'
import { MAX_CONCURRENCY } from '../config.ts'
import { lineOf } from '../ui/notice.tsx'
import { WorkingButton } from '../ui/working-button.tsx'
import { isPaused } from '../words/states.ts'
import classes from './steps.module.css'

/** For a step with many items: stop for now, go on, and how many are worked on side by side. */
export function FanOutControls({ taskId, step }: { taskId: string; step: Step }) {
  const [slices, setSlices] = useState<number | string>('')
  const paused = isPaused(step)
  const steer = useMutation({
    mutationFn: () => (paused ? client.resume(taskId) : client.pause(taskId)),
    onSuccess: taskChanged,
  })
  const widen = useMutation({
    mutationFn: (most: number) => client.setConcurrency(taskId, most),
    onSuccess: taskChanged,
  })
  const error = steer.error ?? widen.error
  function apply(event: FormEvent) {
    event.preventDefault()
    if (typeof slices === 'number') widen.mutate(slices)
  }
  return (
    <div className={classes.controls}>
      <Group gap="xs" align="end">
        <WorkingButton variant="default" size="xs" working={steer.isPending} onClick={() => steer.mutate()}>
          {paused ? 'Go on' : 'Pause'}
        </WorkingButton>
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
        {error !== null && lineOf(error)}
        {error === null && widen.isSuccess && `At most ${widen.variables} side by side from now on.`}
      </Text>
    </div>
  )
}
