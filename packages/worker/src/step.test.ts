import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Bed, probes, who, withStore } from '../test/bed.ts'

let bed: Bed

beforeAll(async () => {
  bed = await Bed.open()
  await bed.worker({ packs: [{ use: probes }, { use: withStore, options: { color: 'green' } }] })
})

afterAll(() => bed[Symbol.asyncDispose]())

test('the input has the schema’s defaults', async () => {
  expect((await bed.run('hello')).logs).toEqual(['n is 1'])
})

test('what only the schema knows to be wrong is named', async () => {
  const { task } = await bed.run('refined', { n: 3 })
  expect(task.failure).toMatchObject({ code: 'input-invalid', detail: 'n: must be even', retryable: false })
})

test('the next attempt finds the checkpoint, and what ran once', async () => {
  const { task, logs } = await bed.run('resumes')
  expect(task.state).toBe('completed')
  expect(logs).toEqual([
    'attempt 1: checkpoint none, receipt of attempt 1',
    'attempt 2: checkpoint {"at":7}, receipt of attempt 1',
  ])
})

test('progress is thinned out, and its last value is kept', async () => {
  const { task } = await bed.run('progresses')
  expect(task.steps[0]?.progress).toMatchObject({ done: 100_000, total: 100_000, message: 'at 100000' })
})

test('a file is written as it is, under the definition’s name', async () => {
  const { task } = await bed.run('writes', { size: 5_000_000, piece: 777_777 })
  const [file] = task.artifacts
  const size = Math.ceil(5_000_000 / 777_777) * 777_777
  expect(file).toMatchObject({ slot: 'file', filename: '5000000.bin', mediaType: 'application/x-bytes', size })
  expect(file?.sha256).toBe(createHash('sha256').update('w'.repeat(size)).digest('hex'))
})

test('an upload is read as it is, also in part', async () => {
  const bytes = Buffer.alloc(3_000_000, 'abcdef')
  const source = await bed.engine.createUpload(
    {
      filename: 'source.bin',
      mediaType: 'application/x-bytes',
      body: (async function* () {
        yield bytes
      })(),
    },
    who,
  )
  const { task, logs } = await bed.run('copies', {}, { source: source.id })
  expect(task.failure).toBeNull()
  expect(logs).toEqual(['source.bin true bcd'])
  const [copy] = task.artifacts
  const opened = await bed.engine.openArtifact(copy?.id ?? '', who)
  expect(await text(opened.body)).toBe(bytes.toString())
})

test('a pack’s store does all that a store does', async () => {
  const { task, logs } = await bed.run('keeps')
  expect(task.failure).toBeNull()
  expect(JSON.parse(logs[0] ?? '')).toEqual({
    options: { color: 'green' },
    listed: ['a/two'],
    range: 'qqq',
    missing: 'ENOENT',
    many: true,
    counted: 200,
    moved: 5,
    gone: null,
    none: null,
  })
})

test('a store has the place that the configuration names', async () => {
  await using other = await Bed.open()
  const root = join(other.folder, 'elsewhere')
  await other.worker({ packs: [{ use: withStore, options: { root } }] })
  expect((await other.run('keeps')).task.failure).toBeNull()
})
