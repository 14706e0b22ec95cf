import type { TaskSummary } from '@errand/client'
import { dayBegins } from '../words/units.ts'
import type { TaskFilters } from './queries.ts'

/** Whether a list that is narrowed down so shows the task, as the server would say it. `me` is who looks. */
export function isAskedFor(task: TaskSummary, filters: TaskFilters, me: string | undefined): boolean {
  const { definition, from, owner, q, scope, state, to } = filters
  const created = Date.parse(task.createdAt)
  return (
    (state === undefined || state.includes(task.state)) &&
    (definition === undefined || definition === task.definition) &&
    (scope === undefined || scope === task.scope) &&
    (owner === undefined || task.owner.id === (owner === 'me' ? me : owner)) &&
    (from === undefined || created >= dayBegins(from).getTime()) &&
    (to === undefined || created < dayBegins(to, 1).getTime()) &&
    (q === undefined || hasWords(task, q))
  )
}

/** Each is the beginning of a word in the title, the scope or the id; what separates words there separates them here. */
function hasWords({ id, scope, title }: TaskSummary, q: string): boolean {
  const has = wordsOf(`${title} ${scope} ${id}`)
  return wordsOf(q).every((word) => has.some((one) => one.startsWith(word)))
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[\s!-/:-@[-`{-~]+/)
    .filter(Boolean)
