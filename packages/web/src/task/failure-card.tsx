import type { Failure } from '@errand/client'
import { Code, Paper, Stack, Text, Title } from '@mantine/core'
import classes from './task.module.css'

/** What happened, what one can do, and what to quote. */
export function FailureCard({ failure, staff }: { failure: NonNullable<Failure>; staff: boolean }) {
  return (
    <Paper withBorder p="lg" component="section" className={classes.failure} aria-labelledby="failure">
      <Stack gap="sm">
        <Title order={2} size="h4" id="failure">
          {failure.title}
        </Title>
        {failure.detail !== '' && <Text style={{ whiteSpace: 'pre-line' }}>{failure.detail}</Text>}
        {failure.hint !== undefined && (
          <div>
            <Text fw={600}>What you can do</Text>
            <Text>{failure.hint}</Text>
          </div>
        )}
        <Text size="sm" c="dimmed">
          Reference, for support: <Code>{failure.reference}</Code>
        </Text>
        {staff && (
          <details>
            <summary>For staff</summary>
            <dl className={classes.facts}>
              <dt>Code</dt>
              <dd>{failure.code}</dd>
              {failure.step !== undefined && (
                <>
                  <dt>Step</dt>
                  <dd>{failure.step}</dd>
                </>
              )}
              {failure.item !== undefined && (
                <>
                  <dt>Item</dt>
                  <dd>{failure.item}</dd>
                </>
              )}
              <dt>Another attempt could help</dt>
              <dd>{failure.retryable ? 'Yes' : 'No'}</dd>
            </dl>
          </details>
        )}
      </Stack>
    </Paper>
  )
}
