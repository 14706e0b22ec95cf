import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoreConfig } from '@errand/task'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errand, service } from '../packages/cli/src/test-support/errand.ts'
import { openObjectStore } from '../packages/engine/src/index.ts'
import { type StorageServer, s3Server } from '../packages/engine/src/test-support/s3-server.ts'

/** One pack, never changed, whose outputs go where the configuration says, in one data folder all along. */

const PACK = `
import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'
export const report = defineTask({
  name: 'report', version: 1, title: 'Report', input: z.object({ text: z.string() }),
  artifacts: { rows: artifact({ filename: 'rows.csv' }), errors: artifact({ filename: 'errors.csv' }) },
}).step('write', {}, async ({ input, artifacts }) => {
  await artifacts.rows.write([input.text + ' rows'])
  await artifacts.errors.write([input.text + ' errors'])
})
`

let s3: StorageServer
let cwd: string
beforeAll(async () => {
  s3 = await s3Server()
  cwd = await mkdtemp(join(tmpdir(), 'errand-storages-'))
  await mkdir(join(cwd, 'pack'))
  await writeFile(join(cwd, 'pack', 'index.ts'), PACK)
  await symlink(join(import.meta.dirname, '..', 'node_modules'), join(cwd, 'node_modules'))
})
afterAll(async () => {
  await s3.close()
  await rm(cwd, { recursive: true, force: true })
})

const run = async (line: string) => {
  const done = await errand(line.split(' '), { cwd })
  if (done.code !== 0) throw new Error(`errand ${line}: ${done.stderr}`)
  return done.stdout
}
const configure = (storages: Record<string, StoreConfig>, routes: Record<string, string> = {}) =>
  writeFile(join(cwd, 'errand.config.json'), JSON.stringify({ packs: ['./pack'], port: 0, storages, routes }))
const files = async () =>
  (await readdir(join(cwd, 'files'), { recursive: true }).catch(() => [])).filter((name) => name.endsWith('.csv'))
    .length
const objects = async () => {
  let found = 0
  for await (const { key } of openObjectStore(s3.config).list('')) if (key.endsWith('.csv')) found += 1
  return found
}

/** Starts the task and reads both outputs, and those of all tasks before it. */
const ids: { id: string; text: string }[] = []
async function make(text: string): Promise<void> {
  const task = JSON.parse(await run(`start report --input text=${text} --wait --json`)) as { id: string }
  ids.push({ id: task.id, text })
  for (const each of ids) {
    for (const slot of ['rows', 'errors']) {
      await run(`download ${each.id} ${slot} -o got --force`)
      expect(await readFile(join(cwd, 'got'), 'utf8')).toBe(`${each.text} ${slot}`)
    }
  }
}

test('outputs on files, then on S3, then split by slot: by the configuration alone, and what was written stays readable', async () => {
  const folder = { scheme: 'fs', root: join(cwd, 'files') }
  await configure({ default: folder })
  expect(await run('storage check')).toContain('default (fs): works')
  let serve = await service(['serve'], { cwd })
  await make('one')
  expect([await files(), await objects()]).toEqual([2, 0])
  await serve.stop()

  await configure({ default: s3.config, old: folder }, {})
  const unreadable = await errand(['storage', 'check', 'none'], { cwd })
  expect(unreadable).toMatchObject({ code: 64, stderr: 'error: there is no storage none. There is default, old.\n' })
  expect(await run('storage check default')).toContain('default (s3): works')
  await configure({ default: folder, objects: s3.config }, { report: 'objects' })
  serve = await service(['serve'], { cwd })
  await make('two')
  expect([await files(), await objects()]).toEqual([2, 2])
  await serve.stop()

  await configure({ default: folder, objects: s3.config }, { report: 'objects', 'report/errors': 'default' })
  serve = await service(['serve'], { cwd })
  await make('three')
  expect([await files(), await objects()]).toEqual([3, 3])
  await serve.stop()
}, 300_000)

test('a storage that does not work is found by its check', async () => {
  await configure({ default: { ...s3.config, secret_access_key: 'wrong' } })
  const { code, stdout } = await errand(['storage', 'check'], { cwd })
  expect(code).toBe(1)
  expect(stdout).toContain('default (s3): does not work')
}, 60_000)
