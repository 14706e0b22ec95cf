import { Button, Group, Modal, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { lineOf } from './notice.tsx'
import { WorkingButton } from './working-button.tsx'

interface QuestionProps {
  opened: boolean
  onClose: () => void
  title: string
  children: ReactNode
  /** What changes nothing, and what does as the title asks. */
  no: string
  yes: string
  onYes: () => void
  pending: boolean
  error: unknown
}

/** Asks before something is done that cannot be undone. */
export function Question({ opened, onClose, title, children, no, yes, onYes, pending, error }: QuestionProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} centered>
      <Text mb="lg">{children}</Text>
      {error !== null && (
        <Text role="alert" mb="lg" data-tone="bad" c="var(--tone)">
          {lineOf(error)}
        </Text>
      )}
      <Group justify="end">
        <Button variant="default" onClick={onClose}>
          {no}
        </Button>
        <WorkingButton color="red" working={pending} onClick={onYes}>
          {yes}
        </WorkingButton>
      </Group>
    </Modal>
  )
}
