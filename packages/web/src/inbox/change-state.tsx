import { Text } from '@mantine/core'
import { lineOf } from '../ui/notice.tsx'

/** Whether a change was saved, or why it was not; read out as it appears. */
export function ChangeState({ change }: { change: { error: Error | null; isSuccess: boolean } }) {
  return (
    <Text role="status" size="sm" c="dimmed">
      {change.error !== null ? lineOf(change.error) : change.isSuccess && 'Saved.'}
    </Text>
  )
}
