import { Checkbox, JsonInput, NumberInput, Select, TagsInput, TextInput } from '@mantine/core'
import type { Field } from './fields.ts'

interface FieldInputProps {
  field: Field
  value: unknown
  error: string | undefined
  onChange: (value: unknown) => void
}

/** The control for one field. */
export function FieldInput({ field, value, error, onChange }: FieldInputProps) {
  const common = {
    label: field.label,
    description: field.hint,
    required: field.required,
    error,
    name: field.name,
  }
  switch (field.kind) {
    case 'boolean':
      return (
        <Checkbox
          {...common}
          required={false}
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      )
    case 'number':
    case 'integer':
      return (
        <NumberInput
          {...common}
          allowDecimal={field.kind === 'number'}
          // A number that is half typed, such as `0.`, is text until it is one.
          value={typeof value === 'number' || typeof value === 'string' ? value : ''}
          onChange={onChange}
        />
      )
    case 'choice':
      return (
        <Select
          {...common}
          data={field.options}
          value={typeof value === 'string' ? value : null}
          clearable={!field.required}
          onChange={onChange}
        />
      )
    case 'list':
      return (
        <TagsInput
          {...common}
          placeholder="Press Enter after each"
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={onChange}
        />
      )
    case 'json':
      return (
        <JsonInput
          {...common}
          autosize
          minRows={3}
          validationError="This is not JSON"
          value={String(value ?? '')}
          onChange={onChange}
        />
      )
    case 'secret':
      return (
        <TextInput
          {...common}
          type="password"
          autoComplete="off"
          value={String(value ?? '')}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
    case 'text':
      return (
        <TextInput
          {...common}
          value={String(value ?? '')}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
  }
}
