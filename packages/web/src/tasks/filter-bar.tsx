import { Button, Group, MultiSelect, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { definitionsQuery, meQuery, type TaskFilters } from '../api/queries.ts'
import { SEARCH_PAUSE } from '../config.ts'
import { labelOf, taskStates } from '../words/states.ts'
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
    <Group component="search" gap="sm" align="end">
      <TextInput
        aria-label="Search"
        placeholder="Search title, course or id"
        type="search"
        value={text}
        maxLength={200}
        flex="1 1 14rem"
        onChange={({ currentTarget }) => {
          setText(currentTarget.value)
          search(currentTarget.value)
        }}
      />
      <MultiSelect
        aria-label="State"
        placeholder={filters.state === undefined ? 'Any state' : ''}
        data={taskStates.map((value) => ({ value, label: labelOf(value) }))}
        value={filters.state ?? []}
        onChange={(state) => change({ state })}
        flex="0 1 12rem"
        miw="10rem"
      />
      <Select
        aria-label="Kind"
        placeholder="Any kind"
        data={[...titles].map(([value, label]) => ({ value, label }))}
        value={filters.definition ?? null}
        onChange={(definition) => change({ definition })}
        clearable
        flex="0 1 12rem"
        miw="10rem"
      />
      {me.data?.staff && (
        <SegmentedControl
          aria-label="Whose"
          data={[
            { value: '', label: 'Everyone' },
            { value: 'me', label: 'Mine' },
          ]}
          value={filters.owner ?? ''}
          onChange={(owner) => change({ owner })}
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
