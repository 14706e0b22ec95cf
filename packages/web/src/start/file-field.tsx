import type { DefinitionShape } from '@errand/client'
import { Text } from '@mantine/core'
import { useId, useState } from 'react'
import { Bar } from '../ui/bar.tsx'
import { bytes, percent } from '../words/units.ts'
import { type BegunUpload, isSameFile } from './begun-uploads.ts'
import classes from './start.module.css'
import { whyTooLarge } from './too-large.ts'

interface FileFieldProps {
  upload: DefinitionShape['uploads'][string]
  file: File | undefined
  /** What was handed in here in part, before the page was loaded again. */
  begun: BegunUpload | undefined
  /** From 0 to 1 while it is on its way. */
  progress: number | undefined
  error: string | undefined
  onChange: (file: File | undefined) => void
}

/** Where a file is dropped, or chosen. */
export function FileField({ upload, file, begun, progress, error, onChange }: FileFieldProps) {
  const id = useId()
  const [over, setOver] = useState(false)
  const refusal = whyTooLarge(upload, file) ?? error
  const goesOn = begun !== undefined && file !== undefined && isSameFile(begun, file)
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
      <div className={classes.drop} data-over={over || undefined}>
        <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
          {file === undefined ? 'Drop a file here, or choose one' : file.name}
        </Text>
        <Text size="sm" c="dimmed">
          {file === undefined ? (upload.accept?.join(', ') ?? 'Any kind of file') : bytes(file.size)}
          {upload.maxSize !== undefined && file === undefined && `, up to ${bytes(upload.maxSize)}`}
        </Text>
        {progress === undefined && begun !== undefined && (file === undefined || goesOn) && (
          <Text size="sm">
            {goesOn
              ? `${percent(begun.share)} of it is there already: the rest follows.`
              : `${percent(begun.share)} of ${begun.filename} is there already. Choose it again, and the rest follows.`}
          </Text>
        )}
        {progress !== undefined && file !== undefined && (
          <>
            <Text size="sm" className={classes.sent}>
              {bytes(progress * file.size)} of {bytes(file.size)} sent. Stay on this page until it is done.
            </Text>
            <Bar share={progress} label={`Upload of ${file.name}`} />
          </>
        )}
        <input
          id={id}
          type="file"
          className={classes.file}
          required={!upload.optional}
          accept={upload.accept?.join(',')}
          aria-describedby={refusal === undefined ? undefined : `${id}-error`}
          aria-invalid={refusal === undefined ? undefined : true}
          disabled={progress !== undefined}
          onDragEnter={() => setOver(true)}
          onDragLeave={() => setOver(false)}
          onDrop={() => setOver(false)}
          onChange={({ currentTarget }) => {
            const chosen = currentTarget.files?.[0]
            // The form is not sent with it: a browser says why, and leads here.
            currentTarget.setCustomValidity(whyTooLarge(upload, chosen) ?? '')
            onChange(chosen)
          }}
        />
      </div>
      {refusal !== undefined && (
        <Text id={`${id}-error`} size="sm" data-tone="bad" c="var(--tone)" role="alert">
          {refusal}
        </Text>
      )}
    </div>
  )
}
