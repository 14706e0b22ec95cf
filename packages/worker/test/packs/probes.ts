import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { artifact, defineTask, type StepContext, TaskFailure, upload } from '@errand/task'
import { z } from 'zod'

/** Definitions of one step each, which behave in every way a worker must bear. */

const single = { title: 'Run', retry: { attempts: 1 } } as const

function probe(name: string, run: (context: StepContext<{ n: number }, unknown, never, never>) => unknown) {
  return defineTask({
    name,
    version: 1,
    title: name,
    input: z.object({ n: z.number().default(1) }),
  }).step('run', single, run)
}

/** Says that it runs, then waits for its signal. */
async function untilAborted({ log, signal }: StepContext<{ n: number }, unknown, never, never>): Promise<never> {
  log('running')
  await once(signal, 'abort')
  throw signal.reason
}

function spin(): void {
  for (;;) Math.random()
}

export const hello = probe('hello', ({ input, log }) => {
  log(`n is ${input.n}`)
  return { n: input.n }
})

export const saysSo = probe('says-so', () => console.info('begun'))

export const refined = defineTask({
  name: 'refined',
  version: 1,
  title: 'Refined',
  input: z.object({ n: z.number() }).refine(({ n }) => n % 2 === 0, { message: 'must be even', path: ['n'] }),
}).step('run', single, ({ input }) => input.n)

export const listens = probe('listens', untilAborted)
export const spins = probe('spins', async ({ log }) => {
  log('running')
  await delay(50)
  spin()
})
export const deaf = probe('deaf', async ({ log }) => {
  log('running')
  await new Promise(() => setInterval(() => undefined, 1_000))
})
export const slow = defineTask({ name: 'slow', version: 1, title: 'Slow', input: z.object({}) }).step(
  'run',
  { ...single, timeout: { seconds: 0.2 } },
  ({ signal }) => once(signal, 'abort'),
)
export const spinsSlowly = defineTask({ name: 'spins-slowly', version: 1, title: 'Spins', input: z.object({}) }).step(
  'run',
  { ...single, timeout: { seconds: 0.2 } },
  () => spin(),
)

export const leaks = probe('leaks', () => {
  const kept: number[][] = []
  for (;;) kept.push(new Array<number>(10_000).fill(Math.random()))
})
export const rejects = probe('rejects', async () => {
  void Promise.reject(new Error('nobody waits for this'))
  await delay(60_000)
})
export const throwsInTimer = probe('throws-in-timer', async () => {
  setTimeout(() => {
    throw new Error('thrown in a timer')
  })
  await delay(60_000)
})
export const exits = probe('exits', () => process.exit(3))
export const throwsText = probe('throws-text', () => {
  throw 'a text'
})
export const throwsNothing = probe('throws-nothing', () => {
  throw undefined
})
export const fails = probe('fails', () => {
  throw new TaskFailure({ code: 'no-learners', title: 'No learners', detail: 'There are none.', hint: 'Add some.' })
})
export const returnsMap = probe('returns-map', () => ({ found: new Map() }))
export const returnsLoop = probe('returns-loop', () => {
  const loop: Record<string, unknown> = {}
  loop.self = loop
  return loop
})
export const returnsMuch = probe('returns-much', () => 'x'.repeat(1024 * 1024))
export const logsMuch = probe('logs-much', ({ log }) => {
  log('y'.repeat(100_000))
  for (let line = 0; line < 100_000; line += 1) log(`line ${line}`)
})
export const writesConsole = probe('writes-console', () => {
  console.log('to the console', { n: 1 })
  console.warn('a warning')
  process.stdout.write('straight\n')
})
export const savesMuch = probe('saves-much', ({ saveCheckpoint }) => saveCheckpoint('z'.repeat(256 * 1024)))
export const leavesTrouble = probe('leaves-trouble', () => {
  setTimeout(() => void Promise.reject(new Error('late')), 20)
})
export const waits = probe('waits', async ({ input }) => {
  await delay(input.n)
})
export const progresses = probe('progresses', ({ progress }) => {
  for (let done = 0; done <= 100_000; done += 1) progress(done, 100_000, `at ${done}`)
})

export const resumes = defineTask({ name: 'resumes', version: 1, title: 'Resumes', input: z.object({}) }).step(
  'run',
  { title: 'Run', retry: { attempts: 2, delay: { seconds: 0.01 } } },
  async ({ attempt, checkpoint, log, once: runOnce, saveCheckpoint }) => {
    const charged = await runOnce('charge', () => ({ receipt: `receipt of attempt ${attempt}` }))
    log(`attempt ${attempt}: checkpoint ${JSON.stringify(checkpoint) ?? 'none'}, ${charged.receipt}`)
    if (attempt === 1) {
      await saveCheckpoint({ at: 7 })
      throw new Error('try again')
    }
  },
)

const withFile = {
  input: z.object({ size: z.number().default(0), piece: z.number().default(65_536) }),
  artifacts: {
    file: artifact({ filename: ({ size }: { size: number }) => `${size}.bin`, mediaType: 'application/x-bytes' }),
  },
}

export const writes = defineTask({ name: 'writes', version: 1, title: 'Writes', ...withFile }).step(
  'run',
  single,
  async ({ input, artifacts, log }) => {
    const piece = Buffer.alloc(input.piece, 'w')
    const pieces = Math.ceil(input.size / input.piece)
    const began = performance.now()
    const written = await artifacts.file.write(
      (function* () {
        for (let index = 0; index < pieces; index += 1) yield piece
      })(),
    )
    log(JSON.stringify({ ...written, id: '', ms: Math.round(performance.now() - began) }))
  },
)
export const writesPartly = defineTask({ name: 'writes-partly', version: 1, title: 'Partly', ...withFile }).step(
  'run',
  single,
  ({ artifacts }) => {
    artifacts.file.writable().write('the beginning')
  },
)
export const writesAndThrows = defineTask({ name: 'writes-and-throws', version: 1, title: 'Throws', ...withFile }).step(
  'run',
  single,
  async ({ artifacts }) => {
    await artifacts.file.write(
      (async function* () {
        yield 'the beginning'
        throw new TaskFailure({ code: 'source-broken', title: 'The source broke' })
      })(),
    )
  },
)
export const copies = defineTask({
  name: 'copies',
  version: 1,
  title: 'Copies',
  input: z.object({}),
  uploads: { source: upload(), extra: upload({ optional: true }) },
  artifacts: { copy: artifact({ filename: 'copy.bin' }) },
}).step('run', single, async ({ uploads, artifacts, log }) => {
  const hash = createHash('sha256')
  await artifacts.copy.write(
    (async function* () {
      for await (const chunk of uploads.source.readable()) {
        hash.update(chunk)
        yield chunk
      }
    })(),
  )
  const part = await uploads.source.readable({ start: 1, end: 4 }).toArray()
  log(`${uploads.source.filename} ${hash.digest('hex') === uploads.source.sha256} ${Buffer.concat(part)}`)
})

export const hoardsBuffers = probe('hoards-buffers', () => {
  const kept: Buffer[] = []
  for (;;) kept.push(Buffer.alloc(1024 * 1024, 1))
})

export const savesAtTheEnd = probe('saves-at-the-end', async ({ log, signal, saveCheckpoint }) => {
  log('running')
  await once(signal, 'abort')
  log('must not be stored')
  await saveCheckpoint('must not be stored')
})

/** Logs when its first line ran, in milliseconds since 1970, with fractions. */
export const tellsTime = probe('tells-time', ({ log }) => log(String(performance.timeOrigin + performance.now())))

/** Ends, and then keeps its thread busy for ever. */
export const poisons = probe('poisons', () => {
  setTimeout(spin, 20)
})
