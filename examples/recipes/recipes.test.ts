import { readFile } from 'node:fs/promises'
import { createTestbed, type Testbed } from '@errand/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

/** What docs/recipes.md shows is run here, word for word. */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let bed: Testbed
beforeAll(async () => {
  bed = await createTestbed({ pack: new URL('./index.ts', import.meta.url) })
})
afterAll(() => bed?.close())

test('the page shows what is run', async () => {
  const page = await readFile(new URL('../../docs/recipes.md', import.meta.url), 'utf8')
  const source = await readFile(new URL('./index.ts', import.meta.url), 'utf8')
  const regions = [...source.matchAll(/^\/\/ #region \w+\n([\s\S]*?)^\/\/ #endregion/gm)].map(([, text]) => text)
  expect(regions).toHaveLength(4)
  expect([...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text]) => text)).toEqual(regions)
})

test('a report has a row for everybody, in order', async () => {
  const run = (await bed.run('recipes.report', { input: { course: 'tides' } })).assertCompleted()
  expect(await run.artifact('grades').text()).toBe('name,grade\r\nAda,70\r\nGrace,80\r\nMary,90\r\n')
})

test('a zip holds every letter', async () => {
  const run = (await bed.run('recipes.bundle', { input: { course: 'tides' } })).assertCompleted()
  const bytes = Buffer.from(await run.artifact('letters').bytes())
  // The end of central directory record (APPNOTE.TXT, 4.3.16): its signature, and the number of entries.
  const end = bytes.lastIndexOf('PK\u0005\u0006', undefined, 'latin1')
  expect(bytes.readUInt16LE(end + 10)).toBe(3)
  for (const name of ['Ada.txt', 'Grace.txt', 'Mary.txt']) expect(bytes.includes(name)).toBe(true)
})

test('a preview says what would change, and changes nothing', async () => {
  const uploads = { list: { content: 'Ada\nJoan\n', filename: 'list.txt' } }
  const preview = (await bed.run('recipes.enrol', { uploads })).assertCompleted()
  expect(await preview.artifact('changes').text()).toBe('added\r\nJoan\r\n')
  expect(preview.logs.join()).toContain('this was a preview')
  const real = (await bed.run('recipes.enrol', { input: { preview: false }, uploads })).assertCompleted()
  expect(real.logs.join()).not.toContain('preview')
  const empty = await bed.run('recipes.enrol', { uploads: { list: { content: '\n', filename: 'list.txt' } } })
  expect(empty.failure).toMatchObject({ code: 'list-empty', step: 'read' })
})

test('the alternative path is taken where the first one fails', async () => {
  const first = (await bed.run('recipes.figures')).assertCompleted()
  expect(await first.artifact('figures').text()).toBe('live\n')
  const second = (await bed.run('recipes.figures', { input: { answers: false } })).assertCompleted()
  expect(await second.artifact('figures').text()).toBe('yesterday\n')
})
