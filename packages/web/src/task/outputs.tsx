import type { Artifact } from '@errand/client'
import { Button, Group, Paper, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { EXPIRY_WARNING_DAYS } from '../config.ts'
import { Action } from '../ui/action.tsx'
import { Breakable } from '../ui/breakable.tsx'
import { useNow } from '../ui/clock.ts'
import { wordsOf } from '../ui/notice.tsx'
import { Question } from '../ui/question.tsx'
import { fateOf, whyNoFile } from '../words/states.ts'
import { bytes, daysUntil } from '../words/units.ts'
import { Accesses } from './accesses.tsx'
import classes from './task.module.css'

/** Days that “Keep longer” adds: a month, which is what most rules give in the first place. */
const LONGER_DAYS = 30

const visibilities = {
  owner: 'its owner and staff',
  team: 'its owner, the team and staff',
  staff: 'staff alone',
} as const

/** The slot that lists failed items; what was asked for comes first. */
const ERRORS = 'errors'

/** The files the task made, or is making. */
export function Outputs({ artifacts }: { artifacts: readonly Artifact[] }) {
  if (artifacts.length === 0) return null
  return (
    <Paper withBorder component="section" aria-labelledby="outputs">
      <Title order={2} size="h4" id="outputs" p="lg" pb="xs">
        Files
      </Title>
      <ul className={classes.files}>
        {artifacts
          .toSorted((a, b) => Number(a.slot === ERRORS) - Number(b.slot === ERRORS))
          .map((artifact) => (
            <li key={artifact.id} className={classes.file} data-gone={artifact.state !== 'available' || undefined}>
              <Output artifact={artifact} />
            </li>
          ))}
      </ul>
    </Paper>
  )
}

function Output({ artifact }: { artifact: Artifact }) {
  const now = useNow(false)
  const there = artifact.state === 'available'
  const soon =
    there && artifact.expiresAt !== null && daysUntil(artifact.expiresAt, now) < EXPIRY_WARNING_DAYS
      ? 'warning'
      : 'quiet'
  return (
    <Group justify="space-between" gap="md">
      <div className={classes.name}>
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          <Breakable>{artifact.filename}</Breakable>
        </Text>
        <Text size="sm" c="dimmed">
          {artifact.title}
          {artifact.size !== null && `, ${bytes(artifact.size)}`}. Seen by {visibilities[artifact.visibility]}.
        </Text>
        <Text size="sm" data-tone={soon} c="var(--tone)">
          {fateOf(artifact, now)}
        </Text>
        {artifact.state !== 'writing' && <Accesses artifact={artifact} />}
      </div>
      {there && (
        <Group gap="xs">
          {artifact.expiresAt !== null && <KeepLonger artifact={artifact} expiresAt={artifact.expiresAt} />}
          <Delete artifact={artifact} />
          <Button component="a" href={`/api/v1/artifacts/${artifact.id}/content`} download>
            Download
          </Button>
        </Group>
      )}
    </Group>
  )
}

const changed = (artifact: Artifact) => queryClient.invalidateQueries({ queryKey: ['task', artifact.taskId] })

function KeepLonger({ artifact, expiresAt }: { artifact: Artifact; expiresAt: string }) {
  const keep = useMutation({
    mutationFn: () => client.extendArtifact(artifact.id, new Date(Date.parse(expiresAt) + LONGER_DAYS * 86_400_000)),
    onSuccess: () => changed(artifact),
  })
  return (
    <Action
      variant="subtle"
      whyNot={whyNoFile(artifact, 'extend')}
      working={keep.isPending}
      onClick={() => keep.mutate()}
    >
      {keep.error === null ? `Keep ${LONGER_DAYS} days longer` : wordsOf(keep.error).title}
    </Action>
  )
}

function Delete({ artifact }: { artifact: Artifact }) {
  const [asking, setAsking] = useState(false)
  const remove = useMutation({
    mutationFn: () => client.deleteArtifact(artifact.id),
    onSuccess: () => {
      setAsking(false)
      return changed(artifact)
    },
  })
  return (
    <>
      <Action
        variant="subtle"
        color="red"
        whyNot={whyNoFile(artifact, 'delete')}
        onClick={() => setAsking(true)}
        aria-label={`Delete ${artifact.filename}`}
      >
        Delete
      </Action>
      <Question
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Delete ${artifact.filename}?`}
        no="Keep it"
        yes="Delete the file"
        onYes={() => remove.mutate()}
        pending={remove.isPending}
        error={remove.error}
      >
        It cannot be brought back; running the task again makes a new one.
      </Question>
    </>
  )
}
