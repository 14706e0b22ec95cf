import type { Preferences } from '@errand/client'
import { NativeSelect, Paper, Skeleton, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { preferencesQuery } from '../api/queries.ts'
import { Breakable } from '../ui/breakable.tsx'
import { ErrorNotice, Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { channelWords, kindWords } from '../words/notifications.ts'
import { ChangeState } from './change-state.tsx'
import { LanguageAndTime } from './language-and-time.tsx'
import { usePreferencesChange } from './use-preferences.ts'

/** What one wants to be told, and by which way. */
export function PreferencesPage() {
  const preferences = useQuery(preferencesQuery)
  return (
    <Page title="What you are told">
      {preferences.error !== null ? (
        <ErrorNotice error={preferences.error} onRetry={() => void preferences.refetch()} />
      ) : preferences.data === undefined ? (
        <Skeleton height={240} aria-label="Loading" />
      ) : (
        <>
          <Choices preferences={preferences.data} />
          <LanguageAndTime preferences={preferences.data} />
        </>
      )}
    </Page>
  )
}

type Cadence = Preferences['channels'][number]['cadence']
const cadences: readonly { value: Cadence; label: string }[] = [
  { value: 'now', label: 'At once' },
  { value: 'daily', label: 'Once a day' },
  { value: 'never', label: 'Never' },
]

/** What holds for a kind: what was said of it, else of all, else the channel's own. */
function cadenceOf({ channels, preferences }: Preferences, kind: string, channel: string): Cadence {
  const said = (wanted: string) => preferences.find((one) => one.kind === wanted && one.channel === channel)?.cadence
  return said(kind) ?? said('*') ?? channels.find(({ name }) => name === channel)?.cadence ?? 'never'
}

function Choices({ preferences }: { preferences: Preferences }) {
  const { change, save, shown } = usePreferencesChange(preferences)
  const { channels, email, kinds, timeZone } = preferences
  if (channels.length === 0) {
    return (
      <Notice title="You are told in your inbox">
        There is no other way here yet. Whoever runs the service can set up mail.
      </Notice>
    )
  }
  return (
    <Paper withBorder p="lg">
      <Stack gap="sm">
        <Text c="dimmed">
          Your inbox always has everything. Here you choose what also reaches you elsewhere; once a day means in one
          message, in the morning of {timeZone ?? 'UTC'}.
        </Text>
        <Table.ScrollContainer minWidth={140 + 140 * channels.length}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>What</Table.Th>
                {channels.map(({ name, reachable }) => (
                  <Table.Th key={name}>
                    {channelWords(name)}
                    {!reachable && <Text size="xs">Cannot reach you: no address is known</Text>}
                    {name === 'email' && email !== null && (
                      <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
                        <Breakable>{email}</Breakable>
                      </Text>
                    )}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {kinds.map((kind) => (
                <Table.Tr key={kind}>
                  <Table.Th scope="row" fw={400}>
                    {kindWords(kind)}
                  </Table.Th>
                  {channels.map(({ name }) => (
                    <Table.Td key={name}>
                      <NativeSelect
                        aria-label={`${kindWords(kind)}, ${channelWords(name)}`}
                        data={[...cadences]}
                        value={cadenceOf(shown, kind, name)}
                        onChange={({ currentTarget }) => {
                          const cadence = cadences.find(({ value }) => value === currentTarget.value)?.value
                          if (cadence !== undefined) change({ preferences: [{ kind, channel: name, cadence }] })
                        }}
                      />
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        <ChangeState change={save} />
      </Stack>
    </Paper>
  )
}
