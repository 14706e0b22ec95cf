import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createClient } from '@errand/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { errand, service, spawnErrand } from '../packages/cli/src/test-support/errand.ts'
import { packSample } from '../packs/course/src/sample.ts'

const STEPS = ['receive', 'unpack', 'read', 'check', 'store', 'publish']
/** How often the whole is done, each time on a new folder. */
const ROUNDS = Number(process.env.ERRAND_KILL_ROUNDS ?? 1)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-kill-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const template = process.env.ERRAND_DATABASE_TEMPLATE ?? ''

/** A `serve` that kills itself, as `kill -9` does, at that point of that step. */
function deadly(point: string) {
  return { cwd: folder, env: { ERRAND_DATABASE_TEMPLATE: template, ERRAND_DEBUG_POINTS: point } }
}

test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
  'an import that is killed in each of its steps ends as one that was not (round %i)',
  async () => {
    const archive = join(folder, 'course.tar.gz')
    await pipeline(packSample('course'), createWriteStream(archive))
    const points = STEPS.flatMap((step) => [`after-claim@${step}:kill`, `before-commit@${step}:kill`])
    const [first = '', ...more] = points

    const serving = await service(['serve', '--port', '0', '--data', 'data'], deadly(first))
    const gone = once(serving.child, 'close')
    const started = await errand(
      [
        'start',
        'course.import',
        '--data',
        'data',
        '--input',
        'course=course-v1:K+C+R',
        '--upload',
        `archive=${archive}`,
        '--json',
      ],
      { cwd: folder },
    )
    // The server may be killed before it has answered; the task is in the record all the same.
    await gone
    expect(serving.child.signalCode).toBe('SIGKILL')
    for (const point of more) {
      const child = spawnErrand(['serve', '--port', '0', '--data', 'data'], deadly(point))
      await once(child, 'close')
      expect([point, child.signalCode]).toEqual([point, 'SIGKILL'])
    }

    const last = await service(['serve', '--port', '0', '--data', 'data'], { cwd: folder })
    const local = JSON.parse(await readFile(join(folder, 'data/local.json'), 'utf8')) as {
      address: string
      token: string
    }
    const client = createClient({ server: local.address, token: local.token })
    const [{ id = '' } = {}, ...others] = (await client.tasks()).tasks
    expect(others).toEqual([])
    if (started.code === 0) expect(JSON.parse(started.stdout)).toMatchObject({ id })
    for await (const event of client.watchTask(id)) if (event.type === 'task' && event.task.finishedAt !== null) break
    const transitions = await client.transitions(id)
    expect((await client.task(id)).state).toBe('completed')
    expect(transitions.map(({ sequence }) => sequence)).toEqual(transitions.map((_, index) => index + 1))
    for (const step of STEPS) {
      const moves = transitions.filter((transition) => transition.step === step).map(({ to }) => to)
      expect([step, moves.filter((to) => to === 'completed').length]).toEqual([step, 1])
      expect([step, moves.at(-1)]).toEqual([step, 'completed'])
    }
    await last.stop()
  },
  600_000,
)
