import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'
import { bytesOf } from './bytes.ts'

/**
 * One task with a step of each kind that a crash could hurt. Every execution of a step leaves a line in the task's
 * ledger, a plain file beside the record, so that what really ran can be counted.
 */

/** Storage and database may be away for a while; the task is to come through all the same. */
const patient = { attempts: 60, backoff: 'fixed', delay: { seconds: 1 } } as const

/** This machine's time, as the database has it; a fault may have turned the clock of this process. */
const trueNow = () => Date.now() - Number(process.env.CHAOS_CLOCK_MS ?? '0')

async function writeLine(context: { input: { ledger: string }; taskId: string }, step: string, event: string) {
  const line = `${JSON.stringify({ step, event, at: trueNow() })}\n`
  await appendFile(join(context.input.ledger, `${context.taskId}.jsonl`), line)
}

export const chaos = defineTask({
  name: 'chaos',
  version: 1,
  title: 'Come through',
  input: z.object({
    ledger: z.string().describe('The folder of the ledgers'),
    seed: z.int(),
    slow: z.int().default(600).describe('Milliseconds the slow step takes'),
  }),
  scope: ({ seed }) => `chaos:${seed}`,
  artifacts: {
    data: artifact({ filename: 'data.bin' }),
    summary: artifact({ filename: 'summary.json', mediaType: 'application/json' }),
  },
})
  .step('quick', { title: 'Begin', retry: patient }, async (context) => {
    await writeLine(context, 'quick', 'start')
    return { ran: 'quick' }
  })
  .step('slow', { title: 'Take time', after: ['quick'], retry: patient, unit: 'parts' }, async (context) => {
    await writeLine(context, 'slow', 'start')
    for (let part = 0; part < 10; part++) {
      await delay(context.input.slow / 10, undefined, { signal: context.signal })
      context.progress(part + 1, 10)
    }
    return { ran: 'slow' }
  })
  .step('write', { title: 'Write a file', after: ['quick'], retry: patient }, async (context) => {
    await writeLine(context, 'write', 'start')
    const { size } = await context.artifacts.data.write(bytesOf(context.input.seed))
    return { ran: 'write', size }
  })
  .step('last', { title: 'Say what ran', after: ['slow', 'write'], retry: patient }, async (context) => {
    await writeLine(context, 'last', 'start')
    const ran = [...Object.values(context.results).map((result) => result.ran), 'last']
    await context.artifacts.summary.write(JSON.stringify({ ran }))
    return { ran }
  })
