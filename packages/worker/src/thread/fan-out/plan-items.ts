import type { FanOutWork } from '@errand/engine'
import { fanOutLimits, TaskFailure } from '@errand/task'
import { ask } from '../../calls.ts'
import { PAGE_BYTES, PAGE_ITEMS, PAGE_MS } from '../../config.ts'
import { jsonProblem } from '../../json-text.ts'
import type { FanOutParts } from './run-fan-out.ts'

/**
 * Lists the items and records them page by page; the last page seals the plan. While one page is being recorded, the
 * next is listed.
 *
 * @throws {TaskFailure} `item-invalid`, naming the item
 */
export async function planItems(
  { channel, claim, code, input, options, signal }: FanOutParts,
  { again, cursor, sealed }: FanOutWork & { phase: 'planning' },
): Promise<undefined> {
  if (sealed) return undefined
  if (again !== null) {
    await ask(channel, 'planFailedItems', undefined)
    return undefined
  }
  const { principal, results, scope } = claim
  const items = code.items({ input, results, cursor: cursor ?? undefined, signal, scope, principal, options })
  let page: string[] = []
  let bytes = 0
  let last: string | undefined
  let begun = performance.now()
  let recording: Promise<boolean> = Promise.resolve(true)
  const record = async (sealed: boolean): Promise<boolean> => {
    const wanted = await recording
    if (wanted) {
      const json = `[${page.join(',')}]`
      recording = ask(channel, 'planItems', { items: json, count: page.length, cursor: last, sealed })
      // Looked at with the next page; until then it is no stray error.
      recording.catch(() => undefined)
    }
    page = []
    bytes = 0
    begun = performance.now()
    return wanted
  }
  for await (const item of items) {
    if (signal.aborted) throw signal.reason
    last = keyOf(code.key, item, last)
    if (typeof item !== 'string') {
      const problem = jsonProblem(item)
      if (problem !== undefined) throw invalid(`The item "${last}" cannot be kept as JSON: ${problem}.`)
    }
    const json = JSON.stringify(item === last ? item : [last, item])
    const size = bytesOf(json)
    if (size > fanOutLimits.itemBytes) throw tooBig(last, size)
    page.push(json)
    bytes += json.length
    const full = page.length >= PAGE_ITEMS || bytes >= PAGE_BYTES || performance.now() - begun >= PAGE_MS
    if (full && !(await record(false))) return undefined
  }
  if (await record(true)) await recording
  return undefined
}

/** Of a text as UTF-8; what is short enough in any case need not be counted. */
function bytesOf(json: string): number {
  return json.length * 3 <= fanOutLimits.itemBytes ? json.length : Buffer.byteLength(json)
}

function keyOf(key: (item: unknown) => string, item: unknown, before: string | undefined): string {
  const where = before === undefined ? 'The first item' : `The item after "${before}"`
  let text: unknown
  try {
    text = key(item)
  } catch (error) {
    throw invalid(`${where} has no key: ${error instanceof Error ? error.message : String(error)}.`)
  }
  if (typeof text !== 'string' || text === '') throw invalid(`${where} has a key that is no text.`)
  if (text.length > fanOutLimits.keyLength) {
    throw invalid(`${where} has a key of ${text.length} characters; ${fanOutLimits.keyLength} are allowed.`)
  }
  return text
}

function tooBig(key: string, size: number): TaskFailure {
  return invalid(
    `The item "${key}" has ${size} bytes of JSON; ${fanOutLimits.itemBytes} are allowed. Keep its key and look the rest up.`,
  )
}

function invalid(detail: string): TaskFailure {
  return new TaskFailure({
    code: 'item-invalid',
    title: 'The list of items has one that cannot be kept',
    detail,
    hint: 'Whoever wrote the task should correct its list of items.',
  })
}
