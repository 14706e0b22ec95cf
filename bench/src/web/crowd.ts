import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient } from '@errand/client'
import type { Server } from '../course/server.ts'
import { forgetPeak, memoryOf } from '../machine.ts'
import { order } from '../order.ts'
import { processorTime } from '../processor-time.ts'
import { courseOf } from './tasks-table.ts'
import type { WatcherAnswer, WatcherOrder } from './watchers.ts'

const WATCHERS = fileURLToPath(new URL('./watchers.ts', import.meta.url))

/** Milliseconds for which the crowd only watches: longer than it takes to say once that each is still there. */
const QUIET = 45_000

export interface CrowdMeasured {
  watchers: number
  /** Bytes of the server: before, with all of them, and at most. */
  before: number
  with: number
  most: number
  /** The share of a processor that they take while nothing happens. */
  idle: number
  /** Milliseconds of a request without and with them, and while changes are told. */
  alone: number[]
  beside: number[]
  busy: number[]
  /** Milliseconds from a change until the one whose task it is has heard of it. */
  told: number[]
  /** How many others have heard of it: none may. */
  strangers: number
}

/** Many people with a page open, on one server. */
export async function measureCrowd(server: Server, watchers: number, samples: number): Promise<CrowdMeasured> {
  const url = server.client.server
  const ask = async (count: number) => {
    const took: number[] = []
    const client = createClient({ server: url, token: 'p1' })
    for (let round = 0; round < count; round++) {
      const begin = performance.now()
      await client.tasks({ limit: 50 })
      took.push(performance.now() - begin)
    }
    return took
  }
  await ask(20)
  const alone = await ask(samples)
  await forgetPeak(server.server)
  const before = (await memoryOf(server.server)).now
  const child = fork(WATCHERS)
  try {
    const opened = await order<WatcherOrder, WatcherAnswer>(child, { do: 'open', server: url, count: watchers })
    if (!('open' in opened) || opened.open !== watchers) throw new Error('Not all feeds were opened.')
    const spent = await processorTime([server.server])
    await delay(QUIET)
    const idle = ((await processorTime([server.server])) - spent) / QUIET
    const { now, most } = await memoryOf(server.server)
    const beside = await ask(samples)
    const told: number[] = []
    let strangers = 0
    for (let round = 0; round < 20; round++) {
      const { id } = await createClient({ server: url, token: `p${round * 7}` }).submit({
        definition: 'web.copy',
        input: { course: courseOf(round) },
      })
      const begin = Date.now()
      const heard = await until(async () => {
        const answer = await order<WatcherOrder, WatcherAnswer>(child, { do: 'heard', id })
        return 'heard' in answer && answer.heard > 0 ? answer : undefined
      })
      told.push(heard.last - begin)
      const end = await order<WatcherOrder, WatcherAnswer>(child, { do: 'heard', id })
      // Its one owner hears of it more than once; each other would be one more connection.
      if ('heard' in end && end.heard > 10) strangers += end.heard
    }
    const busy = (
      await Promise.all([
        ask(samples),
        (async () => {
          for (let round = 0; round < samples; round++) {
            const client = createClient({ server: url, token: `p${round % watchers}` })
            await client.submit({ definition: 'web.copy', input: { course: courseOf(round) } })
          }
          return []
        })(),
      ])
    ).flat()
    return { watchers, before, with: now, most, idle, alone, beside, busy, told, strangers }
  } finally {
    const gone = once(child, 'exit')
    child.send({ do: 'close' } satisfies WatcherOrder)
    await gone
  }
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 2_000; tries++) {
    const found = await look()
    if (found !== undefined) return found
    await delay(5)
  }
  throw new Error('Nobody has heard of the change.')
}
