import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withStore } from '../test/bed.ts'
import { createWorker } from './create-worker.ts'

/** None of these gets as far as the engine. */
const engine = {
  get work(): never {
    throw new Error('The engine was asked before the packs were checked.')
  },
}
let folder: string

const good = `
import { defineTask } from '${import.meta.resolve('@errand/task')}'
import { z } from '${import.meta.resolve('zod')}'
export const one = defineTask({ name: 'one', version: 1, title: 'One', input: z.object({}) }).step('run', {}, () => 1)
`
const modules: Record<string, string> = {
  'good.ts': good,
  'again.ts': good,
  'throws.ts': `export const x = 1\nthrow new Error('the pack is not well')`,
  'syntax.ts': 'export const = 1',
  'imports.ts': `import 'a-package-that-is-not-there'`,
  'exits.ts': 'process.exit(7)',
  'empty.ts': 'export const x = 1',
  'no-steps.ts': good.replace(`.step('run', {}, () => 1)`, ''),
  'circular.ts': good.replace(`'run', {}`, `'run', { after: ['later'] }`),
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-packs-'))
  for (const [name, content] of Object.entries(modules)) await writeFile(join(folder, name), content)
})

afterAll(() => rm(folder, { recursive: true }))

async function failure(...packs: { use: string; options?: unknown }[]): Promise<unknown> {
  const options = { engine, packs, cwd: folder, concurrency: 1, logger: pino({ level: 'silent' }) }
  return createWorker(options).catch((error: unknown) => error)
}

test.each([
  ['./throws.ts', 'pack-load-failed', /Error: the pack is not well \(.*throws\.ts:2:\d+\)$/],
  ['./syntax.ts', 'pack-load-failed', /SyntaxError/],
  ['./imports.ts', 'pack-load-failed', /a-package-that-is-not-there/],
  ['./exits.ts', 'pack-load-failed', /ended its thread while it was being loaded: worker exited with code: 7/],
  ['./circular.ts', 'pack-load-failed', /one: step "run" comes after "later", which does not exist/],
  ['./empty.ts', 'pack-empty', /^$/],
  ['./no-steps.ts', 'definition-invalid', /steps/],
  ['./nowhere.ts', 'pack-not-found', /does not exist/],
])('%s: %s', async (use, code, detail) => {
  const error = await failure({ use })
  expect(error).toMatchObject({ name: 'TaskFailure', code, detail: expect.stringMatching(detail) })
  expect(String(error)).not.toContain('undefined')
})

test('options that the pack does not take are named', async () => {
  expect(await failure({ use: withStore, options: { color: 'blue' } })).toMatchObject({
    code: 'pack-options-invalid',
    detail: expect.stringMatching(/^color: /),
  })
})

test('options that cannot be given to a thread are named', async () => {
  expect(await failure({ use: withStore, options: { color: () => 'red' } })).toMatchObject({
    code: 'pack-options-invalid',
    title: expect.stringContaining('with-store'),
  })
})

test('two packs cannot have one definition', async () => {
  expect(await failure({ use: './good.ts' }, { use: './again.ts' })).toMatchObject({
    code: 'definition-duplicate',
    detail: 'Both ./good.ts and ./again.ts have it.',
  })
})
