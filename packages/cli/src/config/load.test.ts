import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CliError } from '../cli-error.ts'
import { defaults } from './defaults.ts'
import { type LoadOptions, loadConfig } from './load.ts'

const folder = () => mkdtemp(join(tmpdir(), 'errand-config-'))

async function refused(options: LoadOptions): Promise<CliError> {
  const error = await loadConfig(options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof CliError)) throw new Error('the configuration was accepted')
  expect(error.exit).toBe(78)
  return error
}

test('without a file and variables the defaults apply, and the data folder is absolute', async () => {
  const cwd = await folder()
  const { config, file } = await loadConfig({ cwd, environment: {} })
  expect(file).toBeUndefined()
  expect(config).toMatchObject({ port: defaults.port, host: defaults.host, data: join(cwd, defaults.data) })
})

test('a flag wins over the environment, the environment over the file', async () => {
  const cwd = await folder()
  await writeFile(join(cwd, 'errand.config.json'), JSON.stringify({ port: 1, host: '127.0.0.2', concurrency: 7 }))
  const { config } = await loadConfig({
    cwd,
    environment: { ERRAND_PORT: '2', ERRAND_HOST: '127.0.0.3', ERRAND_LOG_LEVEL: '' },
    flags: { port: 3, host: undefined },
  })
  expect(config).toMatchObject({ port: 3, host: '127.0.0.3', concurrency: 7, logLevel: defaults.logLevel })
})

test('a TypeScript file is read, and its paths are relative to it', async () => {
  const cwd = await folder()
  const text = `const packs: unknown[] = [{ use: './mine', options: { deep: true } }, '@errand/course']
export default { packs, data: 'state' }`
  await writeFile(join(cwd, 'errand.config.mts'), text)
  const { config } = await loadConfig({ cwd: tmpdir(), environment: {}, file: join(cwd, 'errand.config.mts') })
  expect(config.packs).toEqual([{ use: join(cwd, 'mine'), options: { deep: true } }, { use: '@errand/course' }])
  expect(config.data).toBe(join(cwd, 'state'))
})

test('packs and storages can come from the environment', async () => {
  const { config } = await loadConfig({
    cwd: '/',
    environment: { ERRAND_PACKS: './a, b', ERRAND_STORAGES: '{"default":{"scheme":"fs","root":"/x"}}' },
  })
  expect(config.packs).toEqual([{ use: './a' }, { use: 'b' }])
  expect(config.storages).toEqual({ default: { scheme: 'fs', root: '/x' } })
})

test('an unknown key is named with the file and the key it may stand for', async () => {
  const cwd = await folder()
  await writeFile(join(cwd, 'errand.config.json'), JSON.stringify({ prot: 4400 }))
  const error = await refused({ cwd, environment: {} })
  expect(error.message).toContain(`prot in ${join(cwd, 'errand.config.json')} is not a known key; did you mean port?`)
})

test.each([
  [{ ERRAND_PORT: 'many' }, 'port (ERRAND_PORT): expected number, received string'],
  [{ ERRAND_PORT: '70000' }, 'port (ERRAND_PORT): Too big: expected number to be <=65535'],
  [{ DATABASE_URL: 'mysql://x/y' }, 'database (DATABASE_URL): Invalid URL'],
  [{ ERRAND_STORAGES: '{}' }, 'storages (ERRAND_STORAGES): needs an entry named "default"'],
  [
    { ERRAND_STORAGES: '{"default":{"scheme":"floppy"}}' },
    'storages.default.scheme (ERRAND_STORAGES): expected one of',
  ],
  [{ ERRAND_STORAGES: '{"default":{"scheme":"s3"}}' }, 'storages.default.bucket (ERRAND_STORAGES): expected string'],
  [{ ERRAND_ROUTES: '{"report/":"default"}' }, 'routes (ERRAND_ROUTES): names what goes where by DEFINITION'],
  [{ ERRAND_STUDIO: '{"origins":["https://apps.example.org/authoring"]}' }, 'is an origin without a path'],
  [{ ERRAND_LOG_LEVEL: 'loud' }, 'logLevel (ERRAND_LOG_LEVEL): expected one of "trace"|"debug"'],
])('%j is refused by name', async (environment, text) => {
  expect((await refused({ cwd: '/', environment })).message).toContain(text)
})

test('a wrong flag is named as it was typed', async () => {
  const error = await refused({ cwd: '/', environment: {}, flags: { logLevel: 'loud' } })
  expect(error.message).toContain('logLevel (--log-level)')
})

test('a file that cannot be read, has no object, or is not there is named', async () => {
  const cwd = await folder()
  await writeFile(join(cwd, 'broken.json'), '{')
  await writeFile(join(cwd, 'list.json'), '[]')
  await writeFile(join(cwd, 'bad.mjs'), 'export default {')
  for (const file of ['broken.json', 'list.json', 'bad.mjs', 'absent.json']) {
    expect((await refused({ cwd, environment: {}, file })).message).toContain(file)
  }
})
