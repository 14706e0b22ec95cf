import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { createEngine } from '@errand/engine'
import { createServer } from '@errand/server'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { defaults } from '../packages/cli/src/config/defaults.ts'
import { variables } from '../packages/cli/src/config/environment.ts'
import { configSchema } from '../packages/cli/src/config/schema.ts'
import { wrongWords } from './command-lines.ts'

/** The files of deploy/ that start Errand say nothing that it does not know, and agree with each other. */

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../deploy')
const read = (path: string) => readFile(join(root, path), 'utf8')

/** What a file makes of Errand: the words behind `errand`, and the variables it sets. */
interface Use {
  words: readonly string[]
  environment: readonly string[]
}

const environmentOf = (lines: readonly string[]) => lines.map((line) => line.split('=')[0] ?? '')

async function unit(name: string): Promise<Use> {
  const lines = (await read(`systemd/${name}`)).split('\n')
  const values = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
  const [, ...words] = values('ExecStart').join().split(' ')
  const file = (await read('systemd/errand.env')).split('\n').filter((line) => /^\w/.test(line))
  return { words, environment: environmentOf([...values('Environment').flatMap(assignments), ...file]) }
}

/** Of one line `Environment=`: by spaces, but for what is in quotes. */
const assignments = (line: string) => (line.match(/"[^"]*"|\S+/g) ?? []).map((each) => each.replaceAll('"', ''))

async function image(): Promise<Use> {
  const lines = (await read('docker/Dockerfile')).split('\n')
  const set = lines.filter((line) => line.startsWith('ENV ')).flatMap((line) => line.slice(4).split(' '))
  const last = lines.findLast((line) => line.startsWith('CMD ')) ?? ''
  return { words: z.array(z.string()).parse(JSON.parse(last.slice(4))), environment: environmentOf(set) }
}

const service = z.object({
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  stop_grace_period: z.templateLiteral([z.number(), 's']),
  ports: z.array(z.string()).default([]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
})
const composed = async () =>
  z
    .object({ services: z.object({ server: service, worker: service }) })
    .parse(parse(await read('docker/compose.yaml'), { merge: true })).services

const probe = z.object({ httpGet: z.object({ path: z.string() }) })
const container = z.object({
  args: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  ports: z.array(z.object({ containerPort: z.number() })).default([]),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
})
const pod = z.object({ terminationGracePeriodSeconds: z.number().default(30), containers: z.tuple([container]) })
const podOf = async (file: string) => {
  const [first] = parseAllDocuments(await read(`kubernetes/${file}`))
  return z.object({ spec: z.object({ template: z.object({ spec: pod }) }) }).parse(first?.toJS()).spec.template.spec
}
const configured = async () => {
  const written: unknown = JSON.parse(await read('kubernetes/errand.config.json'))
  return configSchema.parse(written)
}

async function inPod(file: string): Promise<Use> {
  const [{ args, env }] = (await podOf(file)).containers
  return { words: args, environment: env.map(({ name }) => name) }
}

const uses: Record<string, () => Promise<Use>> = {
  'systemd, server': () => unit('errand-server.service'),
  'systemd, worker': () => unit('errand-worker@.service'),
  Dockerfile: image,
  'compose, server': async () => useOf((await composed()).server),
  'compose, worker': async () => useOf((await composed()).worker),
  'Kubernetes, server': () => inPod('server.yaml'),
  'Kubernetes, worker': () => inPod('worker.yaml'),
  'Kubernetes, migrate': () => inPod('migrate.yaml'),
}
const useOf = ({ command, environment }: z.output<typeof service>): Use => ({
  words: command,
  environment: Object.keys(environment),
})

test('the check finds what the command does not know', () => {
  expect(wrongWords(['server', '--port', '1', '--colour'])).toEqual(['errand server has no --colour'])
  expect(wrongWords(['migrate'])).toEqual(['there is no command errand migrate'])
})

test.each(Object.entries(uses))('%s: the command, its flags and every variable exist', async (_, use) => {
  const { environment, words } = await use()
  expect(wrongWords(words)).toEqual([])
  const known = [...Object.values(variables).map(({ name }) => name), 'ERRAND_TOKEN', 'NODE_ENV', 'NODE_OPTIONS']
  expect(environment.filter((name) => !known.includes(name))).toEqual([])
})

test.each([
  ['server', 'errand-server.service'],
  ['worker', 'errand-worker@.service'],
] as const)('Node is started alike, wherever a %s runs', async (role, unitFile) => {
  const [, inUnit] = /^Environment="?NODE_OPTIONS=([^"\n]+)/m.exec(await read(`systemd/${unitFile}`)) ?? []
  const { env } = (await podOf(`${role}.yaml`)).containers[0]
  expect(inUnit).toBeDefined()
  expect((await composed())[role].environment.NODE_OPTIONS).toBe(inUnit)
  expect(env.find(({ name }) => name === 'NODE_OPTIONS')?.value).toBe(inUnit)
})

test('whoever stops a worker waits longer than its steps have', async () => {
  const seconds = (text: string) => Number.parseInt(text, 10)
  const stopUnit = /^TimeoutStopSec=(\d+)$/m.exec(await read('systemd/errand-worker@.service'))?.[1]
  expect(Number(stopUnit)).toBeGreaterThan(defaults.stopGrace)
  expect(seconds((await composed()).worker.stop_grace_period)).toBeGreaterThan(defaults.stopGrace)
  expect((await podOf('worker.yaml')).terminationGracePeriodSeconds).toBeGreaterThan((await configured()).stopGrace)
})

test('ports are the one that a server listens on', async () => {
  expect(await read('docker/Dockerfile')).toContain(`\nEXPOSE ${defaults.port}\n`)
  expect(await read('systemd/errand-server.service')).toContain(`--port ${defaults.port} `)
  expect((await composed()).server.ports).toEqual([`127.0.0.1:${defaults.port}:${defaults.port}`])
  expect((await podOf('server.yaml')).containers[0].ports).toEqual([{ containerPort: (await configured()).port }])
})

test('a server answers at every address that is probed', async () => {
  const { livenessProbe, readinessProbe, startupProbe } = (await podOf('server.yaml')).containers[0]
  const paths = [livenessProbe, readinessProbe, startupProbe].map((each) => each?.httpGet.path ?? 'none')
  const [, inCompose = ''] = /127\.0\.0\.1:4400(\/\w+)/.exec(String((await composed()).server.healthcheck?.test)) ?? []
  const engine = await createEngine({
    database: { kind: 'pglite', dataDir: 'memory://' },
    storages: { default: { scheme: 'memory' } },
  })
  try {
    const server = createServer({ engine, authenticate: () => null, logger: pino({ level: 'silent' }) })
    for (const path of new Set([...paths, inCompose])) {
      expect((await server.app.request(path)).status, path).toBe(200)
    }
  } finally {
    await engine.close()
  }
})

test('the packs that a pod is started with are those that its configuration has options for', async () => {
  const { packs = [], storages } = await configured()
  const [{ args }] = (await podOf('worker.yaml')).containers
  expect(args.slice(1, args.indexOf('--config'))).toEqual(packs.map(({ use }) => use))
  const [{ env }] = (await podOf('migrate.yaml')).containers
  expect(JSON.parse(env.find(({ name }) => name === 'ERRAND_STORAGES')?.value ?? '')).toEqual(storages)
})

test('every file that is YAML is read without a warning', async () => {
  const paths: string[] = []
  for await (const path of glob('{docker,kubernetes}/*.yaml', { cwd: root })) paths.push(path)
  expect(paths.length).toBeGreaterThan(5)
  for (const path of paths) {
    for (const document of parseAllDocuments(await read(path), { merge: true })) {
      expect([...document.errors, ...document.warnings], path).toEqual([])
    }
  }
})

test.skipIf(!existsSync('/usr/bin/systemd-analyze'))('systemd finds nothing wrong with the units', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'errand-units-'))
  try {
    for await (const path of glob('*.service', { cwd: join(root, 'systemd') })) {
      const text = await read(join('systemd', path))
      // It looks for the program, too, which is installed nowhere here.
      const file = join(folder, basename(path).replace('@.', '@1.'))
      await writeFile(file, text.replace('/opt/errand/node_modules/.bin/errand', process.execPath))
      const { stderr } = await run('systemd-analyze', ['verify', '--man=no', file])
      expect(stderr.split('\n').filter((line) => line.includes(folder))).toEqual([])
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
