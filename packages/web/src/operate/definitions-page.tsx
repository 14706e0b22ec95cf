import type { Definition } from '@errand/client'
import { Anchor, Badge, Button, Group, Paper, Skeleton, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { definitionsQuery, queryClient } from '../api/queries.ts'
import { OPERATIONS_POLL } from '../config.ts'
import { Action } from '../ui/action.tsx'
import { ErrorNotice, lineOf, Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { openStates } from '../words/states.ts'
import { count, day } from '../words/units.ts'

/** A badge says its word whole, however narrow its column. */
const WHOLE = { label: { overflow: 'visible' } } as const

/** Every version of every definition: which one new tasks get, what is open on each, who serves it. */
export function DefinitionsPage() {
  const definitions = useQuery({ ...definitionsQuery, refetchInterval: OPERATIONS_POLL })
  if (definitions.data === undefined) {
    return (
      <Page title="Definitions">
        {definitions.error === null ? (
          <Skeleton height={200} aria-label="Loading" />
        ) : (
          <ErrorNotice error={definitions.error} onRetry={() => void definitions.refetch()} />
        )}
      </Page>
    )
  }
  const names = Map.groupBy(definitions.data, ({ name }) => name)
  return (
    <Page title="Definitions">
      {names.size === 0 && (
        <Notice title="Nothing is registered">A worker that starts registers what it serves.</Notice>
      )}
      {[...names].map(([name, versions]) => (
        <Versions key={name} name={name} versions={versions} />
      ))}
    </Page>
  )
}

function Versions({ name, versions }: { name: string; versions: readonly Definition[] }) {
  const act = useMutation({
    mutationFn: ({ version, what }: { version: number; what: 'promote' | 'retire' }) => client[what](name, version),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['definitions'] }),
  })
  const newest = versions.toSorted((a, b) => b.version - a.version)
  return (
    <Paper withBorder p="lg" component="section" aria-label={name}>
      <Stack gap="sm">
        <Group gap="sm" align="baseline">
          <Title order={2} size="h4">
            {newest[0]?.shape.title ?? name}
          </Title>
          <Text c="dimmed" size="sm">
            {name}
          </Text>
        </Group>
        <Table.ScrollContainer minWidth={230}>
          <Table horizontalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Version</Table.Th>
                <Table.Th>Open</Table.Th>
                <Table.Th visibleFrom="xs">Workers</Table.Th>
                <Table.Th visibleFrom="xs">Registered</Table.Th>
                <Table.Th>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {newest.map((one) => (
                <Table.Tr key={one.version}>
                  <Table.Td>
                    <Group gap="xs">
                      {one.version}
                      {one.promoted && (
                        <Badge variant="light" styles={WHOLE}>
                          Promoted
                        </Badge>
                      )}
                      {one.retiredAt !== null && (
                        <Badge variant="default" styles={WHOLE}>
                          Retired {day(one.retiredAt)}
                        </Badge>
                      )}
                    </Group>
                    <Text size="xs" c="dimmed" hiddenFrom="xs">
                      Since {day(one.registeredAt)}, {one.workers === 1 ? '1 worker' : `${count(one.workers)} workers`}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Open definition={one} />
                  </Table.Td>
                  <Table.Td visibleFrom="xs">{count(one.workers)}</Table.Td>
                  <Table.Td visibleFrom="xs">{day(one.registeredAt)}</Table.Td>
                  <Table.Td>
                    <Group gap="xs" justify="end">
                      <Action
                        size="xs"
                        whyNot={whyNoPromote(one)}
                        onClick={() => act.mutate({ version: one.version, what: 'promote' })}
                      >
                        Promote
                      </Action>
                      <Action
                        size="xs"
                        whyNot={whyNoRetire(one)}
                        onClick={() => act.mutate({ version: one.version, what: 'retire' })}
                      >
                        Retire
                      </Action>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        {act.error !== null && (
          <Group role="alert" gap="sm">
            <Text size="sm" data-tone="bad" c="var(--tone)">
              {lineOf(act.error)}
            </Text>
            <Button variant="subtle" size="xs" onClick={() => act.reset()}>
              Close
            </Button>
          </Group>
        )}
      </Stack>
    </Paper>
  )
}

/** How many tasks are open on a version, and the way to what is open of its name. */
function Open({ definition: { name, open } }: { definition: Definition }) {
  if (open === 0) return '0'
  return (
    <Anchor
      renderRoot={(props) => <Link to="/" search={{ definition: name, state: openStates }} {...props} />}
      inherit
      aria-label={`${count(open)} open: show what is open of ${name}`}
    >
      {count(open)}
    </Anchor>
  )
}

function whyNoPromote({ promoted, retiredAt }: Definition): string | undefined {
  if (promoted) return 'New tasks get this version already'
  return retiredAt === null ? undefined : 'It is retired'
}

function whyNoRetire({ open, promoted, retiredAt }: Definition): string | undefined {
  if (retiredAt !== null) return 'It is retired already'
  if (promoted) return 'New tasks get this version: promote another first'
  return open > 0 ? `${count(open)} open: they must end first` : undefined
}
