import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Definition, Task } from '@errand/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { collect, errand, PACK, type Run, type Service, saidSo, service, spawnErrand } from './test-support/errand.ts'

/** The life of a task through the command, as its user types it, against a server of its own. */

// Each command is a process with a runtime of its own; every wait is for a signal, so a slow machine only takes longer.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const cwd = await mkdtemp(join(tmpdir(), 'errand-tasks-'))
let server: Service

const start = () => service(['serve', PACK, '--port', '0'], { cwd })
const run = (line: string, more: string[] = [], input?: string): Promise<Run> =>
  errand([...line.split(' '), ...more], { cwd, ...(input === undefined ? {} : { input }) })
const json = async <T>(line: string, more: string[] = []): Promise<T> => {
  const { code, stdout, stderr } = await run(line, [...more, '--json'])
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

beforeAll(async () => {
  await writeFile(join(cwd, 'hello.txt'), 'hello\n')
  server = await start()
})
afterAll(async () => {
  await server.stop()
})

test('a task is started, shown as it goes on, listed, shown and downloaded', async () => {
  const started = await run('start copy --input name=greeting.txt --input times=2 --upload file=hello.txt --wait')
  expect(started).toMatchObject({ code: 0, stderr: '' })
  expect(started.stdout).toMatch(/^Copy a file {2}file:greeting\.txt {2}[0-9a-f-]{36}\n/)
  expect(started.stdout).toMatch(/^✓ Count the bytes {2}\d+\.\d s$/m)
  expect(started.stdout).toMatch(/^✓ Write the copy {2}\d+\.\d s$/m)
  expect(started.stdout).toMatch(/^ {2}Write the copy: Copied 2 times$/m)
  expect(started.stdout).toMatch(/^Completed in \d+\.\d s$/m)
  expect(started.stdout).toMatch(/^copy: greeting\.txt, 12 B, until .* \(in \d+ days\)$/m)
  const [, id = ''] = /To get it: errand download (\S+)/.exec(started.stdout) ?? []

  const list = await run('list --definition copy')
  expect(list.stdout).toMatch(/^ID +STATE +TASK +ABOUT +BY +STARTED$/m)
  expect(list.stdout).toMatch(new RegExp(`^${id} +completed +copy@1 +file:greeting.txt +Administrator +`, 'm'))

  const shown = await run(`show ${id}`)
  expect(shown.stdout).toContain('Copy a file  copy@1\nCompleted in ')
  expect(shown.stdout).toMatch(/^✓ Write the copy +\d+\.\d s +2 of 2 copies/m)

  const files = await run(`artifacts ${id}`)
  expect(files.stdout).toMatch(/^[0-9a-f-]{36} +copy +greeting\.txt +12 B, until /m)

  const download = await run(`download ${id}`)
  expect(download).toEqual({ code: 0, stdout: 'greeting.txt  12 B\n', stderr: '' })
  expect(await readFile(join(cwd, 'greeting.txt'), 'utf8')).toBe('hello\nhello\n')
  const twice = await run(`download ${id} copy`)
  expect(twice).toMatchObject({ code: 64, stdout: '' })
  expect(twice.stderr).toBe(
    'error: greeting.txt exists already. Choose another with -o PATH, or overwrite it with --force.\n',
  )
  expect((await run(`download ${id} copy --force`)).code).toBe(0)
  expect((await run(`download ${id} copy -o -`)).stdout).toBe('hello\nhello\n')
  expect((await run(`download ${id} other`)).stderr).toBe('error: the task has no file other. It has copy.\n')
  expect((await run(`download ${id} -o absent/x`)).stderr).toContain('the folder')
})

test('--json prints the task as the API has it', async () => {
  const task = await json<Task>('start copy --input name=a.txt --upload file=hello.txt --wait')
  expect(task).toMatchObject({
    definition: 'copy',
    version: 1,
    state: 'completed',
    scope: 'file:a.txt',
    failure: null,
    owner: { id: 'admin' },
    steps: [
      { name: 'count', state: 'completed' },
      { name: 'write', state: 'completed', progress: { done: 1, total: 1 } },
    ],
    artifacts: [{ slot: 'copy', filename: 'a.txt', size: 6, state: 'available' }],
  })
  expect(await json(`show ${task.id}`)).toEqual(task)
  expect(await json(`show ${task.id.slice(0, -4)}`)).toEqual(task)
  const tasks = await json<Task[]>('list --state completed --limit 1')
  expect(tasks.map(({ id }) => id)).toEqual([task.id])
  const [artifact] = task.artifacts
  expect(await json(`artifacts ${task.id}`)).toEqual(task.artifacts)
  const removed = await run(`artifacts rm ${artifact?.id}`)
  expect(removed).toMatchObject({ code: 0, stdout: 'Deleted a.txt\n' })
  const gone = await run(`download ${task.id}`)
  expect(gone.code).toBe(1)
  expect(gone.stderr).toMatch(/^error: a\.txt cannot be downloaded: deleted .*Make it again with errand retry/)
})

test('a big upload and download arrive byte for byte', async () => {
  const content = randomBytes(5_000_000)
  await writeFile(join(cwd, 'big.bin'), content)
  const task = await json<Task>('start copy --input name=big.out --input times=3 --upload file=big.bin --wait')
  const expected = createHash('sha256')
    .update(Buffer.concat([content, content, content]))
    .digest('hex')
  expect(task.artifacts[0]?.sha256).toBe(expected)
  expect((await run(`download ${task.id} -o big.out`)).stdout).toBe('big.out  15 MB\n')
  expect(
    createHash('sha256')
      .update(await readFile(join(cwd, 'big.out')))
      .digest('hex'),
  ).toBe(expected)
})

test('a task that fails says why and what to do, with exit 1', async () => {
  const failed = await run('start refuse --wait')
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(/^✗ Look at it {2}\d\.\d s {2}It is not good$/m)
  expect(failed.stdout).toMatch(
    /Failed after .*\nIt is not good\nLine 7\.\nWhat to do: Make it better\.\nReference: \S+/,
  )
  const [task] = await json<Task[]>('list --state failed --definition refuse')
  expect(task?.failure).toMatchObject({ code: 'not-good', hint: 'Make it better.' })
  const again = await run(`retry ${task?.id} --wait`)
  expect(again.code).toBe(1)
  expect((await json<Task[]>('list --state failed --definition refuse')).length).toBe(2)
})

test('of many items just those that failed are run again, once that is mended', async () => {
  const mended = join(cwd, 'mended.txt')
  const first = await run(`start rows --input items=6 --input mended=${mended} --wait --json`)
  const task = JSON.parse(first.stdout) as Task
  expect(task).toMatchObject({ state: 'completed_with_errors', steps: [{ progress: { done: 6, failed: 3 } }] })
  expect((await run(`download ${task.id} errors -o -`)).stdout).toBe(
    'key,code,title,detail,attempts\r\n1,odd,It is odd,,1\r\n3,odd,It is odd,,1\r\n5,odd,It is odd,,1\r\n',
  )
  await writeFile(mended, '')
  const again = await json<Task>(`retry ${task.id} --failed-items --wait`)
  expect(again).toMatchObject({ state: 'completed', origin: { by: 'retry', of: task.id, failedItems: true } })
  expect((await run(`download ${again.id} rows -o -`)).stdout).toBe('row 1\nrow 3\nrow 5\n')

  const none = await run(`retry ${again.id} --failed-items`)
  expect(none).toMatchObject({ code: 1, stdout: '' })
  expect(none.stderr).toBe('error: No item of the task has failed. Run the whole task again instead.\n')
})

test.each([
  ['start cpoy', 'there is no task cpoy. Did you mean copy?'],
  ['start copy@2', 'there is no copy@2. There is copy@1.'],
  ['start copy@x', 'copy@x is not NAME or NAME@VERSION.'],
  ['start copy --input nmae=x', 'the task has no input field nmae. Did you mean name?'],
  ['start copy --input name=x --input times=some', '--input times=some is not a whole number.'],
  ['start copy --input name=x', 'copy needs the file file (The file). Add --upload file=PATH.'],
  [
    'start copy --input name=x --upload file=absent',
    'the file absent cannot be read: it does not exist. Check the path.',
  ],
  ['start copy --upload file=hello.txt', 'name'],
  ['start until-file --input-file absent', 'the input file absent cannot be read: it does not exist.'],
  ['start until-file --input path', '--input path is not NAME=VALUE.'],
  ['show zz', 'zz is not the id of a task.'],
  ['show ffff', 'no task has an id that begins with ffff.'],
  ['definitions absent', 'there is no task absent.'],
])('errand %s is refused', async (line, text) => {
  const refused = await run(line)
  expect(refused).toMatchObject({ code: 64, stdout: '' })
  expect(refused.stderr).toMatch(/^error: [^\n]+\n$/)
  expect(refused.stderr).toContain(text)
})

test('what is not there, and who may not come in, is said', async () => {
  const unknown = await run('show 00000000-0000-7000-8000-000000000000')
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toMatch(/^error: .*00000000-0000-7000-8000-000000000000/)
  const stranger = await errand(['list', '--server', server.address], { cwd, env: { ERRAND_TOKEN: 'wrong' } })
  expect(stranger.code).toBe(77)
})

test('definitions says what a task takes, workers who serves it', async () => {
  expect((await run('definitions')).stdout).toMatch(/^copy@1 +Copy a file +current +1 +0$/m)
  const page = (await run('definitions copy')).stdout
  expect(page).toMatch(/^--input name= +string +What to call it$/m)
  expect(page).toMatch(/^--input times= +integer +\(default 1\)$/m)
  expect(page).toMatch(/^--upload file= +file +The file, at most 10 MB$/m)
  expect((await run('workers')).stdout).toMatch(/copy@1, refuse@1, rows@1, until-file@1 +live$/m)
})

test('one idempotency key is one task', async () => {
  const line = 'start refuse --idempotency-key k1'
  const [first, second] = [await json<Task>(line), await json<Task>(line)]
  expect(second.id).toBe(first.id)
})

test('Ctrl-C leaves the task running and says how to go on; cancel ends it, with exit 2', async () => {
  const path = join(cwd, 'never')
  const child = spawnErrand(['start', 'until-file', '--input-file', '-', '--wait'], { cwd })
  const output = collect(child)
  child.stdin?.end(JSON.stringify({ path }))
  await saidSo(child, output, /✓ Begin/)
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect(code).toBe(130)
  const [, id = ''] = /The task goes on\. To see it again: errand watch (\S+?)\./.exec(output.stderr) ?? []
  expect((await json<Task>(`show ${id}`)).state).toBe('running')
  const canceled = await run(`cancel ${id} --wait`)
  expect(canceled.code).toBe(2)
  expect(canceled.stdout).toMatch(/^Canceled after /m)
  expect((await run(`watch ${id}`)).code).toBe(2)
})

test('a watcher stays through a restart of the server, which comes back under another address', async () => {
  const path = join(cwd, 'restart')
  const { id } = await json<Task>(`start until-file --input path=${path}`)
  const watcher = spawnErrand(['watch', id], { cwd })
  const output = collect(watcher)
  await saidSo(watcher, output, /✓ Begin/)
  const atWork = async () => (await run('workers')).stdout
  await expect.poll(atWork, { timeout: 60_000 }).toMatch(new RegExp(`^\\S+ +${id} .* wait +\\S+ ?\\S+$`, 'm'))
  await server.stop('SIGKILL')
  await saidSo(watcher, output, /The server cannot be reached; trying again/)
  const before = server.address
  server = await start()
  expect(server.address).not.toBe(before)
  await saidSo(watcher, output, /Connected again/)
  await writeFile(path, '')
  const [code] = await once(watcher, 'close')
  expect(output.stdout).toMatch(/^Completed in /m)
  expect(output.stdout.match(/✓ Begin/g)).toHaveLength(1)
  expect(code).toBe(0)
})

test('a version is promoted, and retired when nothing needs it any more', async () => {
  expect(await run('definitions promote copy@1')).toEqual({ code: 0, stdout: 'New tasks get copy@1.\n', stderr: '' })
  expect(await json<Definition>('definitions promote copy@1')).toMatchObject({ version: 1, promoted: true })
  const refused = await run('definitions retire copy@1')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toBe(
    'error: copy v1 is what new tasks get: There is no other version. Register another version and promote it first.\n',
  )
  expect(await run('definitions retire copy')).toMatchObject({ code: 64 })
})
