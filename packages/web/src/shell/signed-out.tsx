import { Code, Stack, Text } from '@mantine/core'
import { Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'

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
