import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '@errand/client'
import { checkAll } from '../check.ts'
import type { Loss } from '../history.ts'
import { Load } from '../load.ts'
import { freePort, PACK, type Process, start } from '../processes.ts'
import { POINT_SECONDS } from '../site.ts'
import type { Tally } from '../tally.ts'
import { within } from '../wait.ts'

/** Every window there is: server and worker are one process here. */
const points = [
  'after-submit',
  'after-claim',
  'mid-artifact@write',
  'before-commit@slow',
  'before-seal',
  'after-commit-before-settle@write',
]
const OPEN_TASKS = 3
/**
 * Kills after which it may work in peace until the tasks of that time are over: a step that loses five workers in a row is
 * rightly taken for what kills them, and here all are killed.
 */
const KILLS_IN_A_ROW = 3
/** Seconds for that. */
const PEACE_SECONDS = 120
const ANY_TIME = 'serve killed at any time'

/** `errand serve` with its embedded database, killed in every window and started again on the same folder. */
export async function serveFaults(
  folder: string,
  tally: Tally,
  options: { times: number; anyTime: number; say: (text: string) => void },
): Promise<void> {
  const [ledger, logs] = ['serve-ledger', 'serve-logs'].map((name) => join(folder, name)) as [string, string]
  for (const each of [ledger, logs]) await mkdir(each)
  const port = await freePort()
  const token = randomBytes(32).toString('base64url')
  const client = createClient({ server: `http://127.0.0.1:${port}`, token })
  const load = new Load(client, { ledger })
  const losses: Loss[] = []
  let number = 0
  const launch = (order = ''): Process =>
    start({
      args: ['serve', PACK, '--port', String(port), '--data', join(folder, 'serve-data')],
      env: {
        ERRAND_TOKEN: token,
        ERRAND_LOG_LEVEL: 'warn',
        ...(order === '' ? {} : { ERRAND_DEBUG_POINTS: order }),
      },
      cwd: folder,
      logs,
      name: `serve-${++number}`,
    })
  let kills = 0
  const count = async (kind: string, at: number) => {
    tally.row(kind).injected++
    losses.push({ kind, worker: hostname(), at })
    if (++kills % KILLS_IN_A_ROW !== 0) return
    const calm = launch()
    await calm.ready
    await within(load.allOver(), PEACE_SECONDS, 'the tasks that were open to end')
    await calm.kill()
  }

  // The first start makes the database, which is not what is tried here.
  const first = launch()
  await first.ready
  load.kinds = [ANY_TIME]
  load.start(OPEN_TASKS)
  await first.kill()
  for (const point of points) {
    const kind = `serve killed at ${point.replace(/@.*/, '')}`
    load.kinds = [kind]
    for (let time = 0; time < options.times; time++) {
      const one = launch(`${point}:kill`)
      const { at } = await within(one.ended, POINT_SECONDS, `serve to reach ${point}`)
      await count(kind, at)
    }
    options.say(`${kind}: ${tally.row(kind).injected}`)
  }
  load.kinds = [ANY_TIME]
  for (let time = 0; time < options.anyTime; time++) {
    const one = launch()
    await one.ready
    await delay(2_000 * Math.random())
    await count(ANY_TIME, await one.kill())
  }
  options.say(`${ANY_TIME}: ${tally.row(ANY_TIME).injected}`)
  const last = launch()
  await last.ready
  await load.drain(120)
  await checkAll({ client, accepted: load.accepted, ledger, losses, heals: [], tally })
  await last.kill()
}
