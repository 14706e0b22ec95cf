import type { TaskState } from '@errand/client'
import type { TaskFilters } from '../api/queries.ts'
import { taskStates } from '../words/states.ts'

/** The filters of an address; what is none is left out, so that any address shows a list. */
export function filtersOf(search: Record<string, unknown>): TaskFilters {
  const text = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value.slice(0, 200) : undefined)
  const state = [search.state].flat().filter((one): one is TaskState => typeof one === 'string' && states.has(one))
  const found = {
    definition: text(search.definition),
    scope: text(search.scope),
    owner: text(search.owner),
    from: day(search.from),
    to: day(search.to),
    // A search for a number is one in the address, too.
    q: text(typeof search.q === 'number' ? String(search.q) : search.q),
  }
  const given = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
  return state.length > 0 ? { ...given, state } : given
}

/** A day of the calendar, as `2026-11-25`. */
function day(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return undefined
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value) ? value : undefined
}

const states: ReadonlySet<string> = new Set(taskStates)

/** Whether anything is narrowed down. */
export const isNarrowed = (filters: TaskFilters): boolean => Object.keys(filters).length > 0
