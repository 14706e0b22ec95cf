import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { Threads } from './threads.ts'

/** Says where its thread keeps what was compiled. */
const pack = `
import { getCompileCacheDir } from 'node:module'
import { defineTask } from '${import.meta.resolve('@errand/task')}'
import { z } from '${import.meta.resolve('zod')}'
const title = getCompileCacheDir() ?? 'nowhere'
export const one = defineTask({ name: 'one', version: 1, title, input: z.object({}) }).step('run', {}, () => 1)
`

test('a thread reads what the process keeps compiled', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'errand-threads-'))
  const file = join(folder, 'pack.ts')
  await writeFile(file, pack)
  // A process that keeps it because it said so, not because of this variable, which threads inherit by themselves.
  vi.stubEnv('NODE_COMPILE_CACHE', undefined)
  enableCompileCache(join(folder, 'compiled'))
  const packs = [{ name: 'one', url: pathToFileURL(file).href, options: undefined }]
  const threads = new Threads({ packs, count: 1, memoryMb: 64, logger: pino({ level: 'silent' }) })
  try {
    const title = (await threads.describe())[0]?.definitions[0]?.title
    expect(getCompileCacheDir()).toBeDefined()
    expect(title).toBe(getCompileCacheDir())
  } finally {
    vi.unstubAllEnvs()
    await threads.close()
    await rm(folder, { recursive: true })
  }
})
