import type { NotificationTexts } from '@errand/task'
import { sql } from 'kysely'
import { defaults } from '../../config.ts'
import type { Format } from './format.ts'

/** What is known of the task of a notification, for the texts that its definition has. */
export interface Facts {
  texts: NotificationTexts
  started: string | null
  ended: string | null
  input: Record<string, string | number>
  /** By step. */
  results: Record<string, Record<string, string | number> | null> | null
  /** By slot. */
  outputs: Record<string, { filename: string; size: number | null; expires: string | null }> | null
}

const scalars = (column: string) => {
  const value = sql.raw(column)
  return sql`CASE jsonb_typeof(${value}) WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(key, value), '{}')
    FROM jsonb_each(${value}) WHERE jsonb_typeof(value) IN ('string', 'number')
    AND length(value::text) <= ${sql.lit(defaults.notificationValue)}) ELSE '{}' END`
}

/**
 * The facts behind the entry `n`, read when it is shown: what belongs to a task is kept as long as the task, and no
 * longer. `null` when the definition has no texts of its own, or the task is gone.
 */
export const selectFacts = sql<Facts | null>`(
  SELECT jsonb_build_object('texts', d.shape -> 'notifications', 'started', t.started_at, 'ended', t.finished_at,
    'input', ${scalars('t.input')},
    'results', (SELECT jsonb_object_agg(s.name, ${scalars('s.result')}) FROM errand.steps s WHERE s.task_id = t.id),
    'outputs', (SELECT jsonb_object_agg(a.slot, jsonb_build_object('filename', a.filename, 'size', a.size,
      'expires', a.expires_at)) FROM errand.artifacts a WHERE a.task_id = t.id AND a.state = 'available'))
  FROM errand.tasks t JOIN errand.definitions d ON d.name = t.definition AND d.version = t.version
  WHERE t.id = n.task_id AND d.shape ? 'notifications')`

/** A value that a text names, as the person reads it; `undefined` when it is not there. */
export function factFor(facts: Facts, name: string, format: Format): string | undefined {
  const [kind, part = '', field = ''] = name.split('.')
  if (kind === 'input') return scalar(own(facts.input, part), format)
  if (kind === 'result') return scalar(own(own(facts.results, part), field), format)
  if (kind === 'output') return outputValue(own(facts.outputs, part), field, format)
  const { ended, started } = facts
  if (name === 'started') return started === null ? undefined : format.moment(new Date(started))
  if (name === 'ended') return ended === null ? undefined : format.moment(new Date(ended))
  if (name === 'duration' && started !== null && ended !== null) {
    return format.duration(Date.parse(ended) - Date.parse(started))
  }
  return undefined
}

function outputValue(output: NonNullable<Facts['outputs']>[string] | undefined, field: string, format: Format) {
  if (field === 'filename') return output?.filename
  if (field === 'size') return output?.size == null ? undefined : format.size(output.size)
  return output?.expires == null ? undefined : format.moment(new Date(output.expires))
}

function scalar(value: string | number | undefined, format: Format): string | undefined {
  return typeof value === 'number' ? format.number(value) : value
}

function own<T>(record: Record<string, T> | null | undefined, key: string): T | undefined {
  return record != null && Object.hasOwn(record, key) ? record[key] : undefined
}
