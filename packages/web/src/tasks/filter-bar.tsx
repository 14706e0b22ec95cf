import type { TaskState } from '@errand/client'
import { Button, Group, NativeSelect, Text, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { definitionsQuery, meQuery, type TaskFilters } from '../api/queries.ts'
import { SEARCH_PAUSE } from '../config.ts'
import { labelOf, subjectOf, taskStates } from '../words/states.ts'
import { DayInput } from './day-input.tsx'
import { filtersOf, isNarrowed } from './filters.ts'

/** What the list is narrowed to. It is kept in the address, so that it can be sent, and Back undoes it. */
export function FilterBar({ filters }: { filters: TaskFilters }) {
  const navigate = useNavigate({ from: '/' })
  const me = useQuery(meQuery)
  const definitions = useQuery(definitionsQuery)
  const [text, setText] = useState(filters.q ?? '')
  const change = (next: Record<string, unknown>) => void navigate({ search: filtersOf({ ...filters, ...next }) })
  const search = useDebouncedCallback((q: string) => change({ q }), SEARCH_PAUSE)
  useEffect(() => setText(filters.q ?? ''), [filters.q])

  const titles = new Map((definitions.data ?? []).map(({ name, shape }) => [name, shape.title]))
  return (
    // Has the focus once there is nothing to clear any more.
    <Group component="search" tabIndex={-1} gap="sm" align="end">
      <TextInput
        aria-label="Search"
        placeholder="Title, course or id"
        type="search"
        value={text}
        maxLength={200}
        flex="1 1 10rem"
        onChange={({ currentTarget }) => {
          setText(currentTarget.value)
          search(currentTarget.value)
        }}
      />
      <NativeSelect
        aria-label="State"
        data={[{ value: '', label: 'Any state' }, ...stateChoices(filters.state)]}
        value={filters.state?.join() ?? ''}
        onChange={({ currentTarget }) => change({ state: currentTarget.value.split(',') })}
        flex="1 1 9rem"
        maw="11rem"
      />
      <NativeSelect
        aria-label="Kind"
        data={[{ value: '', label: 'Any kind' }, ...[...titles].map(([value, label]) => ({ value, label }))]}
        value={filters.definition ?? ''}
        onChange={({ currentTarget }) => change({ definition: currentTarget.value })}
        flex="1 1 9rem"
        maw="11rem"
      />
      <Group gap="xs" flex="0 1 auto">
        <DayInput
          label="From"
          title="Asked for on this day or later"
          value={filters.from ?? ''}
          {...(filters.to === undefined ? {} : { max: filters.to })}
          onChange={(from) => change({ from })}
        />
        <Text c="dimmed" size="sm" aria-hidden="true">
          to
        </Text>
        <DayInput
          label="To"
          title="Asked for on this day or earlier"
          value={filters.to ?? ''}
          {...(filters.from === undefined ? {} : { min: filters.from })}
          onChange={(to) => change({ to })}
        />
      </Group>
      <NativeSelect
        aria-label="Whose"
        data={whoseChoices(me.data?.staff ?? false, filters.owner)}
        value={filters.owner ?? ''}
        onChange={({ currentTarget }) => change({ owner: currentTarget.value })}
        flex="1 1 8rem"
        maw="11rem"
      />
      {/* Chosen in a row of the list, as there may be thousands. */}
      {filters.scope !== undefined && (
        <NativeSelect
          aria-label="About"
          data={[
            { value: filters.scope, label: subjectOf(filters.scope) },
            { value: '', label: 'About anything' },
          ]}
          value={filters.scope}
          onChange={({ currentTarget }) => change({ scope: currentTarget.value })}
          flex="1 1 9rem"
          maw="16rem"
        />
      )}
      {isNarrowed(filters) && (
        <Button variant="subtle" onClick={() => void navigate({ search: {} })}>
          Clear
        </Button>
      )}
    </Group>
  )
}

const either = new Intl.ListFormat(undefined, { type: 'disjunction' })

/** Each state; and, where an address asks for several at once, those together. */
function stateChoices(asked: readonly TaskState[] = []): { value: string; label: string }[] {
  const choices = taskStates.map((value): { value: string; label: string } => ({ value, label: labelOf(value) }))
  return asked.length > 1 ? [...choices, { value: asked.join(), label: either.format(asked.map(labelOf)) }] : choices
}

/** One's own, or all that one may see; and, where an address asks for those of somebody else, theirs. */
function whoseChoices(staff: boolean, asked = ''): { value: string; label: string }[] {
  const choices = [
    { value: '', label: staff ? 'Everyone’s' : 'Mine and my team’s' },
    { value: 'me', label: 'Mine' },
  ]
  return choices.some(({ value }) => value === asked) ? choices : [...choices, { value: asked, label: asked }]
}
