import { ApiProblem, ServerUnreachable } from '@errand/client'
import { Button, Paper, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** One thing to say where there is nothing else to show: an empty list, an error, a page that is not there. */
export function Notice({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Paper component="section" p="xl" withBorder>
      <Stack align="center" gap="sm" ta="center" py="xl">
        <Title order={2} size="h3">
          {title}
        </Title>
        <Text c="dimmed" maw="32rem" component="div">
          {children}
        </Text>
        {action}
      </Stack>
    </Paper>
  )
}

/** What the server said no with, and what to do. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { title, text } = wordsOf(error)
  return (
    <div role="alert">
      <Notice
        title={title}
        action={
          onRetry && (
            <Button variant="default" onClick={onRetry}>
              Try again
            </Button>
          )
        }
      >
        {text}
      </Notice>
    </div>
  )
}

/** An error in one line, for where there is little room. */
export function lineOf(error: unknown): string {
  const { text, title } = wordsOf(error)
  return [title, text].filter((part) => part !== '').join('. ')
}

/** An error as its reader may act on it. */
export function wordsOf(error: unknown): { title: string; text: string } {
  if (error instanceof ApiProblem) {
    return { title: error.title, text: [error.detail, error.hint].filter(Boolean).join(' ') }
  }
  if (error instanceof ServerUnreachable) {
    return { title: 'The server does not answer', text: 'Your tasks go on. Try again in a moment.' }
  }
  return { title: 'This page has a fault', text: 'Load it again; your tasks are not touched by it.' }
}
