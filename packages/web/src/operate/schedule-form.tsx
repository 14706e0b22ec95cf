import { NativeSelect, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { client } from '../api/client.ts'
import { definitionsQuery, promotedOf, queryClient } from '../api/queries.ts'
import { FieldInput } from '../start/field-input.tsx'
import { type Field, fieldsOf, inputOf } from '../start/fields.ts'
import { lineOf } from '../ui/notice.tsx'
import { WorkingButton } from '../ui/working-button.tsx'
import { Section } from './section.tsx'

const here = Intl.DateTimeFormat().resolvedOptions().timeZone
const zones = [...new Set(['UTC', here, ...Intl.supportedValuesOf('timeZone')])]

/** Asks what is to run by the clock, when, and as whom. The server checks it as if its task were started now. */
export function ScheduleForm({ onDone }: { onDone: () => void }) {
  const definitions = useQuery(definitionsQuery)
  // Nobody is there to hand in a file.
  const kinds = promotedOf(definitions.data ?? []).filter(({ shape }) =>
    Object.values(shape.uploads).every(({ optional }) => optional),
  )
  const [said, setSaid] = useState({ name: '', definition: '', cron: '', timeZone: here, principal: 'scheduler' })
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>({})
  const chosen = kinds.find(({ name }) => name === said.definition)
  const fields = chosen === undefined ? [] : fieldsOf(chosen.shape.input)
  const add = useMutation({
    mutationFn: async () => client.createSchedule({ ...said, input: inputOf(fields, valuesOf(fields, values)) }),
    onSuccess: onDone,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['schedules'] }),
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    add.mutate()
  }

  const say = (part: keyof typeof said) => ({
    value: said[part],
    required: true,
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) => {
      const { value } = currentTarget
      setSaid((now) => ({ ...now, [part]: value }))
    },
  })
  return (
    <Section title="A new schedule">
      <Stack component="form" gap="md" onSubmit={submit}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label="Name" placeholder="nightly-export" maxLength={64} {...say('name')} />
          <NativeSelect
            label="Starts"
            data={[
              { value: '', label: 'Choose what' },
              ...kinds.map(({ name, shape }) => ({ value: name, label: shape.title })),
            ]}
            {...say('definition')}
            onChange={({ currentTarget: { value } }) => {
              setSaid((now) => ({ ...now, definition: value }))
              // Another kind has other fields, and maybe one of the same name.
              setValues({})
            }}
          />
          <TextInput
            label="When"
            description="Minute, hour, day of the month, month, day of the week: 30 2 * * 1-5 is 2:30 on working days"
            placeholder="30 2 * * 1-5"
            maxLength={200}
            {...say('cron')}
          />
          <NativeSelect label="Time zone" description="By whose clock" data={zones} {...say('timeZone')} />
          <TextInput
            label="As"
            description="The service that starts its tasks and owns them; it needs the role that starting them takes"
            maxLength={64}
            {...say('principal')}
          />
        </SimpleGrid>
        {fields.map((field) => (
          <FieldInput
            key={`${said.definition} ${field.name}`}
            field={field}
            value={saidOf(field, values)}
            error={undefined}
            onChange={(value) => setValues((now) => ({ ...now, [field.name]: value }))}
          />
        ))}
        {add.error !== null && (
          <Text role="alert" size="sm" data-tone="bad" c="var(--tone)">
            {add.error instanceof SyntaxError ? `A field is not JSON. ${add.error.message}` : lineOf(add.error)}
          </Text>
        )}
        <WorkingButton type="submit" working={add.isPending} style={{ alignSelf: 'start' }}>
          Add the schedule
        </WorkingButton>
      </Stack>
    </Section>
  )
}

/** What was said for a field, or what it begins with. */
const saidOf = ({ initial, name }: Field, values: Readonly<Record<string, unknown>>): unknown =>
  name in values ? values[name] : initial

const valuesOf = (fields: readonly Field[], values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(fields.map((field) => [field.name, saidOf(field, values)]))
