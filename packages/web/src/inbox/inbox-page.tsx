import type { Notification } from '@errand/client'
import { Button, Group, Paper, Skeleton, Text } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { inboxChanged } from '../api/live.ts'
import { inboxQuery, unreadQuery } from '../api/queries.ts'
import { useNow } from '../ui/clock.ts'
import { ErrorNotice, lineOf, Notice } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { ShowMore } from '../ui/show-more.tsx'
import { WorkingButton } from '../ui/working-button.tsx'
import { moment, relative } from '../words/units.ts'
import classes from './inbox.module.css'

/** What one was told, the newest first. */
export function InboxPage() {
  const pages = useInfiniteQuery(inboxQuery)
  const { data: unread = 0 } = useQuery(unreadQuery)
  const now = useNow(false)
  const read = useMutation({
    mutationFn: (ids: string[] | 'all') => client.api.POST('/api/v1/notifications/read', { body: { ids } }),
    onSuccess: ({ data }) => inboxChanged(data?.unread ?? 0),
  })
  const entries = pages.data?.pages.flat() ?? []
  return (
    <Page
      title="Inbox"
      actions={
        <Group gap="xs">
          {unread > 0 && (
            <WorkingButton variant="default" working={read.isPending} onClick={() => read.mutate('all')}>
              Mark all as read
            </WorkingButton>
          )}
          <Button component={Link} to="/preferences" variant="subtle">
            What you are told
          </Button>
        </Group>
      }
    >
      {read.error !== null && <Text role="alert">{lineOf(read.error)}</Text>}
      {pages.isPending ? (
        <Skeleton height={200} aria-label="Loading" />
      ) : pages.error !== null ? (
        <ErrorNotice error={pages.error} onRetry={() => void pages.refetch()} />
      ) : entries.length === 0 ? (
        <Notice title="Nothing here yet">When a task of yours ends, you are told here.</Notice>
      ) : (
        <Paper withBorder component="ul" className={classes.entries}>
          {entries.map((entry) => (
            <li key={entry.id} className={classes.entry} data-unread={entry.readAt === null || undefined}>
              <Entry entry={entry} now={now} onOpen={() => entry.readAt === null && read.mutate([entry.id])} />
            </li>
          ))}
        </Paper>
      )}
      <ShowMore pages={pages} mx="auto" display="block">
        Show older ones
      </ShowMore>
    </Page>
  )
}

function Entry({ entry, now, onOpen }: { entry: Notification; now: number; onOpen: () => void }) {
  const { body, createdAt, link, readAt, taskId, title } = entry
  const href = taskId === null ? link : `/tasks/${taskId}`
  return (
    <>
      <Group justify="space-between" gap="sm" wrap="nowrap" align="baseline">
        <span className={classes.title}>
          {taskId !== null ? (
            <Link to="/tasks/$id" params={{ id: taskId }} onClick={onOpen}>
              {title}
            </Link>
          ) : href === null ? (
            title
          ) : (
            <a href={href} onClick={onOpen}>
              {title}
            </a>
          )}
          {readAt === null && <span className={classes.new}>New</span>}
        </span>
        <time dateTime={createdAt} title={moment(createdAt)} className={classes.when}>
          {relative(createdAt, now)}
        </time>
      </Group>
      {body !== '' && (
        <Text size="sm" c="dimmed" style={{ whiteSpace: 'pre-line', overflowWrap: 'anywhere' }}>
          {body}
        </Text>
      )}
    </>
  )
}
