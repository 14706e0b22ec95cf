import { Code, Paper, Stack, Text } from '@mantine/core'
import { Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { WorkingButton } from '../ui/working-button.tsx'

/** Shown to whom neither a session nor the platform knows. */
export function SignedOut() {
  return (
    <Page title="Sign in">
      <Notice title="You are not signed in">
        <Stack gap="xs">
          <Text>Come here from the platform you work on, or open a sign-in link. Each link works once.</Text>
          <Text>
            Whoever runs the service finds one where <Code>errand serve</Code> was started.
          </Text>
        </Stack>
      </Notice>
    </Page>
  )
}

/** Above a page that is open when the session ends: what was typed in it is not lost. */
export function SignedOutMeanwhile({ looking, onLook }: { looking: boolean; onLook: () => void }) {
  return (
    <Paper withBorder p="lg" mb="lg" role="alert">
      <Stack gap="xs" align="start">
        <Text fw={600} data-tone="bad" c="var(--tone)">
          You are not signed in any more
        </Text>
        <Text size="sm">
          Your tasks go on, and this page keeps what you typed. Sign in on another page: from the platform you work on,
          or by a sign-in link. Then go on here.
        </Text>
        <WorkingButton variant="default" working={looking} onClick={onLook}>
          I have signed in
        </WorkingButton>
      </Stack>
    </Paper>
  )
}
