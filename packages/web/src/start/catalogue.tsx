import { Paper, SimpleGrid, Skeleton, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { definitionsQuery, promotedOf } from '../api/queries.ts'
import { ErrorNotice, Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { plural } from '../words/units.ts'
import classes from './start.module.css'

/** Everything that can be started. */
export function Catalogue() {
  const definitions = useQuery(definitionsQuery)
  if (definitions.isPending) {
    return (
      <Page title="Start a task">
        <Skeleton height={160} aria-label="Loading" />
      </Page>
    )
  }
  if (definitions.data === undefined) {
    return (
      <Page title="Start a task">
        <ErrorNotice error={definitions.error} onRetry={() => void definitions.refetch()} />
      </Page>
    )
  }
  const promoted = promotedOf(definitions.data)
  return (
    <Page title="Start a task">
      {promoted.length === 0 ? (
        <Notice title="Nothing can be started yet">
          No worker has said what it can do. Start one, and it is here.
        </Notice>
      ) : (
        <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
          {promoted.map(({ name, shape }) => (
            <Paper key={name} component="li" withBorder p="lg" className={classes.card}>
              <Title order={2} size="h4" mb={4}>
                <Link to="/start/$name" params={{ name }} className={classes.cover}>
                  {shape.title}
                </Link>
              </Title>
              <Text c="dimmed" size="sm">
                {shape.description ??
                  shape.steps
                    .filter(({ kind }) => kind === 'step' || kind === 'fan-out')
                    .map(({ title }) => title)
                    .join(', ')}
              </Text>
              <Text size="sm" mt="md" c="dimmed">
                {plural(shape.steps.filter(({ kind }) => kind === 'step' || kind === 'fan-out').length, 'step')}
              </Text>
            </Paper>
          ))}
        </SimpleGrid>
      )}
    </Page>
  )
}
