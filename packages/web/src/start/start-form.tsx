import { ApiProblem, type Definition } from '@errand/client'
import { Alert, Anchor, Grid, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useRef, useState } from 'react'
import { client } from '../api/client.ts'
import { wordsOf } from '../ui/notice.tsx'
import { WorkingButton } from '../ui/working-button.tsx'
import { begunUpload, rememberUpload } from './begun-uploads.ts'
import { FieldInput } from './field-input.tsx'
import { fieldsOf, inputOf } from './fields.ts'
import { FileField } from './file-field.tsx'
import { newKey } from './new-key.ts'
import { sendFile } from './send-file.ts'
import classes from './start.module.css'

/** Asks for the input and the files of a task, and starts it. */
export function StartForm({ definition, given }: { definition: Definition; given: Record<string, unknown> }) {
  const { name, shape } = definition
  const navigate = useNavigate()
  const fields = fieldsOf(shape.input, given)
  const [values, setValues] = useState<Record<string, unknown>>(() =>
    Object.fromEntries(fields.map((field) => [field.name, field.initial])),
  )
  const [files, setFiles] = useState<Record<string, File | undefined>>({})
  const [progress, setProgress] = useState<Record<string, number>>({})
  // One key for one filled form: pressed twice, or sent again after a lost answer, it is still one task.
  const key = useRef(newKey())

  const start = useMutation({
    mutationFn: async () => {
      const uploads: Record<string, string> = {}
      for (const [slot, file] of Object.entries(files)) {
        if (file === undefined) continue
        const onShare = (share: number) => setProgress((now) => ({ ...now, [slot]: share }))
        onShare(0)
        uploads[slot] = await sendFile(name, slot, file, onShare)
      }
      return client.submit(
        { definition: name, version: definition.version, input: inputOf(fields, values), uploads },
        { idempotencyKey: key.current },
      )
    },
    onSuccess: (task) => {
      for (const slot of Object.keys(files)) rememberUpload(name, slot, undefined)
      return navigate({ to: '/tasks/$id', params: { id: task.id } })
    },
    onError: () => setProgress({}),
  })

  function change(field: string, value: unknown) {
    key.current = newKey()
    setValues((now) => ({ ...now, [field]: value }))
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    start.mutate()
  }

  const errors = fieldErrors(start.error)
  const planned = shape.steps.filter(({ kind }) => kind === 'step' || kind === 'fan-out')
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 8 }}>
        <Paper component="form" withBorder p="lg" onSubmit={submit}>
          <Stack gap="lg">
            {shape.description !== undefined && <Text c="dimmed">{shape.description}</Text>}
            {fields.map((field) => (
              <FieldInput
                key={field.name}
                field={field}
                value={values[field.name]}
                error={errors[field.name]}
                onChange={(value) => change(field.name, value)}
              />
            ))}
            {Object.entries(shape.uploads).map(([slot, upload]) => (
              <FileField
                key={slot}
                upload={upload}
                file={files[slot]}
                begun={begunUpload(name, slot)}
                progress={progress[slot]}
                error={errors[slot]}
                onChange={(file) => {
                  key.current = newKey()
                  setFiles((now) => ({ ...now, [slot]: file }))
                }}
              />
            ))}
            {start.error !== null && <Refused error={start.error} />}
            <WorkingButton type="submit" size="md" working={start.isPending} style={{ alignSelf: 'start' }}>
              Start
            </WorkingButton>
          </Stack>
        </Paper>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 4 }}>
        <Paper withBorder p="lg" component="section" aria-labelledby="what">
          <Title order={2} size="h5" id="what" mb="xs">
            What will happen
          </Title>
          <ol className={classes.steps}>
            {planned.map((step) => (
              <li key={step.name}>{step.title}</li>
            ))}
          </ol>
          <Text size="sm" c="dimmed" mt="md">
            You may leave once it has started. We will tell you.
          </Text>
        </Paper>
      </Grid.Col>
    </Grid>
  )
}

/** Why it did not start; and where one is running already, the way to it. */
function Refused({ error }: { error: Error }) {
  const { title, text } =
    error instanceof SyntaxError ? { title: 'A field is not JSON', text: error.message } : wordsOf(error)
  const running =
    error instanceof ApiProblem && typeof error.extensions.task === 'string' ? error.extensions.task : undefined
  return (
    <Alert color="red" variant="outline" title={title} role="alert">
      {text}{' '}
      {running !== undefined && (
        <Anchor component={Link} to={`/tasks/${running}`} inherit>
          Open the one that is running
        </Anchor>
      )}
    </Alert>
  )
}

/** What the server says of single fields. */
function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiProblem) || !Array.isArray(error.extensions.errors)) return {}
  const found: Record<string, string> = {}
  for (const one of error.extensions.errors) {
    if (typeof one !== 'object' || one === null) continue
    const { field, detail } = one
    if (typeof field === 'string' && typeof detail === 'string') found[field.replace(/^\/?(input[./])?/, '')] = detail
  }
  return found
}
