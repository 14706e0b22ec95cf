import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { THREAD_NICENESS } from './config.ts'
import { Threads } from './threads.ts'

/** A pack whose one definition has for its title what an expression is in its thread. */
const packSaying = (title: string) => `
import { getCompileCacheDir } from 'node:module'
import { getPriority } from 'node:os'
import { defineTask } from '${import.meta.resolve('@errand/task')}'
import { z } from '${import.meta.resolve('zod')}'
const title = ${title}
export const one = defineTask({ name: 'one', version: 1, title, input: z.object({}) }).step('run', {}, () => 1)
`

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-threads-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** The expression, as it is in a thread. */
async function inThread(title: string): Promise<string | undefined> {
  const file = join(folder, 'pack.ts')
  await writeFile(file, packSaying(title))
  const packs = [{ name: 'one', url: pathToFileURL(file).href, options: undefined }]
  const threads = new Threads({ packs, count: 1, memoryMb: 64, logger: pino({ level: 'silent' }) })
  try {
    return (await threads.describe())[0]?.definitions[0]?.title
  } finally {
    await threads.close()
  }
}

test('a thread reads what the process keeps compiled', async () => {
  // A process that keeps it because it said so, not because of this variable, which threads inherit by themselves.
  vi.stubEnv('NODE_COMPILE_CACHE', undefined)
  enableCompileCache(join(folder, 'compiled'))
  try {
    expect(getCompileCacheDir()).toBeDefined()
    expect(await inThread(`getCompileCacheDir() ?? 'nowhere'`)).toBe(getCompileCacheDir())
  } finally {
    vi.unstubAllEnvs()
  }
})

test.skipIf(process.platform !== 'linux')('a thread gives way to what keeps its claims alive', async () => {
  const before = getPriority()
  expect(await inThread('String(getPriority())')).toBe(String(Math.min(19, before + THREAD_NICENESS)))
  expect(getPriority()).toBe(before)
})
