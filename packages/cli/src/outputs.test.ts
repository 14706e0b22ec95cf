import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Access, Artifact, RetentionDone, RetentionPreview, ScopeUsage, Task } from '@errand/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { errand, PACK, type Run, type Service, service } from './test-support/errand.ts'

/** What becomes of files, and who may come, through the command as an operator types it. */

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const cwd = await mkdtemp(join(tmpdir(), 'errand-outputs-'))
let server: Service
let file: Artifact

const run = (line: string): Promise<Run> => errand(line.split(' '), { cwd })
const json = async <T>(line: string): Promise<T> => {
  const { code, stdout, stderr } = await run(`${line} --json`)
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

beforeAll(async () => {
  await writeFile(join(cwd, 'hello.txt'), 'hello\n')
  server = await service(['serve', PACK, '--port', '0'], { cwd })
  const task = await json<Task>('start copy --input name=greeting.txt --upload file=hello.txt --wait')
  const [made] = task.artifacts
  if (made === undefined) throw new Error('The task has made no file.')
  file = made
})
afterAll(async () => {
  await server.stop()
})

test('storage usage says which scope takes how much', async () => {
  expect(await json<ScopeUsage[]>('storage usage')).toEqual([
    { scope: 'file:greeting.txt', files: 1, bytes: 6, quota: null },
  ])
  expect((await run('storage usage')).stdout).toMatch(/^SCOPE +FILES +SIZE +QUOTA\nfile:greeting\.txt +1 +6 B/)
})

test('a file is kept for longer, never for shorter, and the log says who did what', async () => {
  const kept = await json<Artifact>(`artifacts extend ${file.id} --days 400`)
  const days = (Date.parse(kept.expiresAt ?? '') - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(399.9)
  expect(days).toBeLessThanOrEqual(400)
  const shorter = await json<Artifact>(`artifacts extend ${file.id} --days 1`)
  expect(shorter.expiresAt).toBe(kept.expiresAt)
  expect((await run(`artifacts extend ${file.id} --days 0`)).code).toBe(64)

  expect((await run(`download ${file.taskId} copy -o got.txt`)).code).toBe(0)
  const log = await json<Access[]>(`artifacts log ${file.id}`)
  expect(log.map(({ action, who }) => [action, who.name])).toEqual(
    expect.arrayContaining([
      ['download', 'Administrator'],
      ['extend', 'Administrator'],
    ]),
  )
  expect((await run(`artifacts log ${file.id}`)).stdout).toMatch(/^AT +WHAT +WHO\n\S+Z +download +Administrator$/m)
})

test('retention says what would go, and takes only what is due', async () => {
  const preview = await json<RetentionPreview>('retention preview')
  expect(preview).toMatchObject({ files: { count: 0, bytes: 0 }, uploads: { count: 0, bytes: 0 } })
  expect((await run('retention preview')).stdout).toContain('Would remove: 0 tasks, 0 files (0 B), 0 uploads (0 B)')
  expect(await json<RetentionDone>('retention run')).toMatchObject({ tasks: 0, files: 0, uploads: 0 })
  expect((await run('retention run')).stdout).toContain('Removed: 0 tasks, 0 files, 0 uploads')
  expect((await run(`download ${file.taskId} copy -o still.txt`)).code).toBe(0)
})

test('a file that was deleted is gone, and everybody is told when and by whom', async () => {
  expect(await run(`artifacts rm ${file.id}`)).toMatchObject({ code: 0, stdout: 'Deleted greeting.txt\n' })
  const gone = await run(`download ${file.taskId} copy -o gone.txt`)
  expect(gone.code).not.toBe(0)
  expect(gone.stderr).toMatch(/greeting\.txt cannot be downloaded: deleted .* by Administrator\. Make it again/)
  expect((await run('storage usage')).stderr).toContain('Nothing is stored.')
})

test('a token is good for what it was granted, until it is revoked', async () => {
  const token = await json<{ id: string; secret: string }>('tokens create --name reader --grant read')
  const address = server.address
  const asReader = (line: string) =>
    errand([...line.split(' '), '--server', address], { cwd, env: { ERRAND_TOKEN: token.secret } })
  expect((await asReader('list')).code).toBe(0)
  const refused = await asReader(`retry ${file.taskId}`)
  expect(refused.code).toBe(77)
  expect((await run('tokens list')).stdout).toMatch(/reader +read +/)
  expect((await run(`tokens revoke ${token.id}`)).code).toBe(0)
  expect((await asReader('list')).code).toBe(77)
})
