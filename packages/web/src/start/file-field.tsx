import type { DefinitionShape } from '@errand/client'
import { Text } from '@mantine/core'
import { useId } from 'react'
import { Bar } from '../ui/bar.tsx'
import { bytes } from '../words/units.ts'
import classes from './start.module.css'

interface FileFieldProps {
  upload: DefinitionShape['uploads'][string]
  file: File | undefined
  /** From 0 to 1 while it is on its way. */
  progress: number | undefined
  error: string | undefined
  onChange: (file: File | undefined) => void
}

/** Where a file is dropped, or chosen. */
export function FileField({ upload, file, progress, error, onChange }: FileFieldProps) {
  const id = useId()
  return (
    <div>
      <Text component="label" htmlFor={id} size="sm" fw={600}>
        {upload.title}
        {!upload.optional && (
          <Text component="span" c="red" inherit aria-hidden="true">
            {' *'}
          </Text>
        )}
      </Text>
      <div className={classes.drop}>
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          {file === undefined ? 'Drop a file here, or choose one' : file.name}
        </Text>
        <Text size="sm" c="dimmed">
          {file === undefined ? (upload.accept?.join(', ') ?? 'Any kind of file') : bytes(file.size)}
          {upload.maxSize !== undefined && file === undefined && `, up to ${bytes(upload.maxSize)}`}
        </Text>
        {progress !== undefined && <Bar share={progress} label={`Upload of ${file?.name ?? 'the file'}`} />}
        <input
          id={id}
          type="file"
          className={classes.file}
          required={!upload.optional}
          accept={upload.accept?.join(',')}
          aria-describedby={error === undefined ? undefined : `${id}-error`}
          onChange={({ currentTarget }) => onChange(currentTarget.files?.[0])}
        />
      </div>
      {error !== undefined && (
        <Text id={`${id}-error`} size="sm" data-tone="bad" c="var(--tone)" role="alert">
          {error}
        </Text>
      )}
    </div>
  )
}
