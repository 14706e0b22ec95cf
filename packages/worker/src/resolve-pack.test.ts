import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resolvePack } from './resolve-pack.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-packs-'))
  const files: Record<string, string> = {
    'one.ts': 'export {}',
    'plain/index.js': 'export {}',
    'main/package.json': '{ "name": "main-pack", "main": "lib.js" }',
    'main/lib.js': 'export {}',
    'exports/package.json': '{ "name": "@acme/pack", "exports": { ".": { "import": "./src/pack.ts" } } }',
    'exports/src/pack.ts': 'export {}',
    'broken/package.json': '{ "name": ',
    'empty/readme.md': '',
    'node_modules/installed/package.json': '{ "name": "installed", "exports": { "import": "./index.js" } }',
    'node_modules/installed/index.js': 'export {}',
  }
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), content)
  }
})

afterAll(() => rm(folder, { recursive: true }))

test.each([
  ['./one.ts', './one.ts', 'one.ts'],
  ['./plain', './plain', 'plain/index.js'],
  ['./main/', 'main-pack', 'main/lib.js'],
  ['./exports', '@acme/pack', 'exports/src/pack.ts'],
  ['installed', 'installed', 'node_modules/installed/index.js'],
])('%s', async (use, name, file) => {
  const found = await resolvePack({ use, options: { a: 1 } }, folder)
  expect(found).toEqual({ name, url: pathToFileURL(join(folder, file)).href, options: { a: 1 } })
})

test('a URL and an absolute path are taken as they are', async () => {
  const url = pathToFileURL(join(folder, 'one.ts'))
  expect((await resolvePack({ use: url }, '/')).url).toBe(url.href)
  expect((await resolvePack({ use: join(folder, 'one.ts') }, '/')).url).toBe(url.href)
})

test.each([
  ['not-installed', 'There is no package of that name'],
  ['./nowhere', 'nowhere does not exist'],
  ['./empty', 'has neither a package.json that exports something nor an index.ts'],
  ['./broken', 'package.json: '],
])('%s is not found: %s', async (use, detail) => {
  await expect(resolvePack({ use }, folder)).rejects.toMatchObject({
    code: 'pack-not-found',
    title: `The pack ${use} was not found`,
    detail: expect.stringContaining(detail),
  })
})
