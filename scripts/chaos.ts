import { parseArgs } from 'node:util'
import { runChaos } from '../e2e/chaos/run.ts'

/**
 * Breaks everything that can break while tasks run, and ends with a table of what became of them.
 *
 *     npm run chaos                          every kind of fault, more than 200 in all
 *     npm run chaos -- --minutes 5           each kind less often, but once at least, even if it takes longer
 *     npm run chaos -- --only storage,clock  the kinds with one of these words in their name
 *     npm run chaos -- --keep                the logs of all processes stay
 *
 * Exits 1 when a task was lost, a step ran again after its completion, an artifact was not as it should be, a lost
 * worker's step waited too long, or a kind of fault could not be injected though the machine allows it.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string' }, only: { type: 'string' }, keep: { type: 'boolean' } },
})
const minutes = values.minutes === undefined ? undefined : Number(values.minutes)
if (minutes !== undefined && !(minutes > 0)) {
  console.error(`error: --minutes ${values.minutes} is not a number of minutes`)
  process.exit(64)
}
// Ended by a signal, the run still takes its processes and its volume with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const begun = Date.now()
const say = (text: string) => console.log(`${((Date.now() - begun) / 1_000).toFixed(0).padStart(5)} s  ${text}`)
const { table, wrong } = await runChaos({
  say,
  ...(minutes === undefined ? {} : { minutes }),
  ...(values.only === undefined ? {} : { only: values.only.split(',') }),
  ...(values.keep === undefined ? {} : { keep: values.keep }),
})
console.log(`\n${table}\n`)
for (const line of wrong) console.log(line)
process.exit(wrong.length === 0 ? 0 : 1)
