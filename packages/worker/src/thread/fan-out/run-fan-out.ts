import type { Claim, FanOutWork } from '@errand/engine'
import { type FanOutCode, type TaskDefinition, TaskFailure } from '@errand/task'
import { ask } from '../../calls.ts'
import type { Channel } from '../../channel/channel.ts'
import { planItems } from './plan-items.ts'
import { SliceRun } from './slice-run.ts'

/** What one claim of a step that fans out is made of. */
export interface FanOutParts {
  claim: Claim
  channel: Channel
  signal: AbortSignal
  input: unknown
  options: unknown
  definition: TaskDefinition
  code: FanOutCode
}

/** Does what the claim is for. @returns the step's result, where it has one now */
export async function runFanOut(parts: FanOutParts, work: FanOutWork): Promise<unknown> {
  if (work.phase === 'planning') return planItems(parts, work)
  if (work.phase === 'slice') return new SliceRun(parts, work).run()
  return composeOutputs(parts)
}

/** The author's code says what the files are called, begin and end with; the main thread puts them together. */
async function composeOutputs({ channel, claim, code, definition, input, signal }: FanOutParts): Promise<unknown> {
  const about = { input, results: claim.results }
  const texts = (edges: FanOutCode['header']) =>
    Object.fromEntries(
      Object.entries(edges).map(([slot, edge]) => [slot, typeof edge === 'function' ? edge(about) : edge]),
    )
  const composing = ask(channel, 'compose', {
    headers: texts(code.header),
    footers: texts(code.footer),
    filenames: Object.fromEntries(Object.entries(definition.filenames).map(([slot, name]) => [slot, name(input)])),
  })
  const { failure, result } = await Promise.race([composing, rejection(signal)])
  if (failure === null) return result
  const { code: failed, detail, hint, title } = failure
  throw new TaskFailure({ code: failed, title, detail, ...(hint === undefined ? {} : { hint }) })
}

/** Rejects when the step is to end. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
