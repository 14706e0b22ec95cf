import type { Artifact } from '@errand/client'
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { accessesQuery } from '../api/queries.ts'
import { lineOf } from '../ui/notice.tsx'
import { accessWords } from '../words/states.ts'
import { moment } from '../words/units.ts'
import classes from './task.module.css'

/** Who downloaded a file, and what else was done with it; read once it is opened. */
export function Accesses({ artifact: { filename, id } }: { artifact: Artifact }) {
  const [open, setOpen] = useState(false)
  return (
    <details className={classes.items} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary aria-label={`Who had it: ${filename}`}>Who had it</summary>
      {open && <List id={id} />}
    </details>
  )
}

function List({ id }: { id: string }) {
  const accesses = useQuery(accessesQuery(id))
  if (accesses.error !== null) return <Text role="alert">{lineOf(accesses.error)}</Text>
  if (accesses.data === undefined) return null
  if (accesses.data.length === 0) return <Text size="sm">Nobody has had it yet.</Text>
  return (
    <dl className={classes.facts}>
      {accesses.data.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: counted from the oldest, as only what is newer comes before it
        <div key={accesses.data.length - index} className={classes.pair}>
          <dt>{moment(one.at)}</dt>
          <dd>{accessWords(one)}</dd>
        </div>
      ))}
    </dl>
  )
}
