import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Bed, changedPort, who } from '../test/bed.ts'
import { emptyDatabase, onBothDatabases } from '../test/databases.ts'
import { Lease, steadyNow } from './lease.ts'

/** A worker may stand still between the claim of a step and the step's first line. */

onBothDatabases((kind) => {
  let bed: Bed
  let drop: () => Promise<void>

  beforeAll(async () => {
    const database = await emptyDatabase(kind)
    drop = database.drop
    bed = await Bed.open(database.config)
  })
  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
    await drop()
  })

  const begun = (id: string) => bed.lines.filter((line) => line.includes(id) && line.includes('begun')).length

  test('a step that another has completed meanwhile is not begun', { timeout: 90_000 }, async () => {
    const { work } = bed.engine
    const claimed = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const still = changedPort(work, {
      // Stands still after its claim, and hears of it only when the step is over.
      claim: async (...args) => {
        const claims = await work.claim(...args)
        if (claims.length === 0) return claims
        claimed.resolve()
        await goOn.promise
        return claims
      },
      heartbeat: async (id, claims) => {
        const answer = await work.heartbeat(id, claims)
        if (answer.lost.length > 0) asked.resolve()
        return answer
      },
    })
    const first = await bed.worker({ engine: { work: still } })
    const started = await bed.start('says-so')
    await claimed.promise
    const other = await bed.worker()
    const { task } = await started.ended
    expect(task).toMatchObject({ state: 'completed', steps: [{ attempt: 1 }] })
    await other.stop()
    goOn.resolve()
    await asked.promise
    await first.stop()
    expect(begun(started.id)).toBe(1)
  })

  test('a lease that has only come of age is confirmed, and the step runs', async () => {
    const { work } = bed.engine
    let beats = 0
    const late = changedPort(work, {
      leaseMs: 1_000,
      claim: async (...args) => {
        const claims = await work.claim(...args)
        if (claims.length > 0) await delay(1_100)
        return claims
      },
      heartbeat: async (id, claims) => {
        if (claims.length > 0) beats++
        return work.heartbeat(id, claims)
      },
    })
    const worker = await bed.worker({ engine: { work: late } })
    const { task } = await bed.run('says-so')
    await worker.stop()
    expect(task.state).toBe('completed')
    expect(begun(task.id)).toBe(1)
    expect(beats).toBeGreaterThan(0)
    expect(await bed.engine.logs(task.id, who)).toHaveLength(0)
  })
})

test('a lease holds from when it was asked for, and an older answer does not shorten it', async () => {
  const lost = { taskId: 't', step: 's', lease: 'l' }
  let held = true
  const work = { leaseMs: 1_000, heartbeat: async () => ({ lost: held ? [] : [lost], canceling: [] }) }
  const lease = new Lease(work, 'w', lost, 5_000)
  expect(lease.until).toBe(6_000)
  lease.renewed(4_000)
  expect(lease.until).toBe(6_000)
  expect(await lease.confirm()).toBe(true)
  expect(lease.until).toBeGreaterThan(steadyNow())
  held = false
  expect(await lease.confirm()).toBe(false)
})
