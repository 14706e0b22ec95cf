import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { errand } from '../test-support/errand.ts'
import { packageNameOf } from './package-name.ts'
import { tarballsIn } from './tarballs.ts'
import { templateFolder, writePackage } from './write-package.ts'

// The command is a process with a runtime of its own, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 300_000 })

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'errand-new-'))
})
afterEach(() => rm(cwd, { recursive: true, force: true }))

const template = templateFolder()
const files = ['.github', '.gitignore', 'README.md', 'errand.config.ts', 'package.json', 'snapshots', 'src']
const manifestIn = async (folder: string) => JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))

test('errand new writes a package of its own, and says how to go on', async () => {
  const run = await errand(['new', 'deep/my tasks', '--name', '@school/tasks'], { cwd })
  expect(run).toMatchObject({ code: 0, stderr: "Next: cd 'deep/my tasks' && npm install && npm test && npm start\n" })
  const folder = join(cwd, 'deep', 'my tasks')
  expect(run.stdout).toContain(`@school/tasks is in ${folder}.`)
  expect(await readdir(folder)).toEqual(expect.arrayContaining(files))
  const manifest = await manifestIn(folder)
  expect(manifest).toMatchObject({
    name: '@school/tasks',
    private: true,
    exports: { '.': './src/index.ts' },
    scripts: { start: 'errand serve', test: 'vitest run' },
    dependencies: { '@errand/task': '^0.1.0' },
    devDependencies: { '@errand/cli': '^0.1.0', '@errand/testing': '^0.1.0' },
  })
  expect(JSON.stringify(manifest)).not.toContain('starter')
  // A second time it would write over what has become somebody's work.
  const again = await errand(['new', 'deep/my tasks', '--name', 'other'], { cwd })
  expect(again).toMatchObject({ code: 64, stdout: '' })
  expect(again.stderr).toContain(`error: ${folder} is not empty. Name a folder that is not there yet`)
  expect(await manifestIn(folder)).toEqual(manifest)
})

test('--json says what was written; what is wrong is one line, and nothing is made', async () => {
  const run = await errand(['new', 'reports', '--json'], { cwd })
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(run.stdout)).toMatchObject({ name: 'reports', folder: join(cwd, 'reports') })
  const wrong = await errand(['new', 'My Tasks'], { cwd })
  expect(wrong.code).toBe(64)
  expect(wrong.stderr).toMatch(/^error: "My Tasks" is no name for a package\. .* Say another with --name\.\n$/)
  const without = await errand(['new', 'other', '--packages', '.'], { cwd })
  expect(without.code).toBe(64)
  expect(without.stderr).toContain(`error: ${cwd} has no tarball of @errand/task and @errand/cli and @errand/testing.`)
  expect(await readdir(cwd)).toEqual(['reports'])
})

test.each(['reports', 'a', '@school/reports', 'x.y~z-1', 'x'.repeat(214)])('%s is a name', (name) => {
  expect(packageNameOf('/srv/Anything', name)).toBe(name)
})

test.each(['', 'Reports', '.hidden', '_x', 'a b', '@school', '@school/', '@/x', 'a/b', '../x', 'node_modules', 'é'])(
  '"%s" is none',
  (name) => {
    expect(() => packageNameOf('/srv/anything', name)).toThrow('is no name for a package')
  },
)

test('a name is at most as long as npm allows', () => {
  expect(() => packageNameOf('/srv/anything', 'x'.repeat(215))).toThrow('is no name for a package')
})

test('an empty folder is taken, and so is one that has only a repository', async () => {
  await mkdir(join(cwd, '.git'))
  expect(await writePackage({ folder: cwd, name: 'here', template })).toEqual(
    expect.arrayContaining(['.git', ...files]),
  )
})

test.each(['a file', 'a file/below', 'link'])('%s cannot be a folder: nothing is made', async (place) => {
  await writeFile(join(cwd, 'a file'), 'kept')
  await symlink('nowhere/at/all', join(cwd, 'link'))
  const failed = writePackage({ folder: join(cwd, place), name: 'x', template })
  await expect(failed).rejects.toMatchObject({ name: 'CliError', exit: 73 })
  expect((await readdir(cwd)).sort()).toEqual(['a file', 'link'])
  expect(await readFile(join(cwd, 'a file'), 'utf8')).toBe('kept')
})

test('what fails half-way leaves nothing: no folder that was made for it, no file in one that was there', async () => {
  const broken = join(cwd, 'template')
  await mkdir(broken)
  await writeFile(join(broken, 'package.json'), '{"name":"t","version":"1.0.0"}')
  await writeFile(join(broken, 'a-first.ts'), '')
  await symlink('gone', join(broken, 'z-last.ts'))
  const made = writePackage({ folder: join(cwd, 'one', 'two'), name: 'x', template: broken })
  await expect(made).rejects.toMatchObject({ exit: 73 })
  const there = join(cwd, 'there')
  await mkdir(join(there, '.git'), { recursive: true })
  await expect(writePackage({ folder: there, name: 'x', template: broken })).rejects.toMatchObject({ exit: 73 })
  expect(await readdir(there)).toEqual(['.git'])
  expect((await readdir(cwd)).sort()).toEqual(['template', 'there'])
})

test('with tarballs every package of ours comes from them', async () => {
  const packages = join(cwd, 'packages')
  await mkdir(packages)
  for (const name of ['task', 'cli', 'testing', 'engine'])
    await writeFile(join(packages, `errand-${name}-0.1.0.tgz`), '')
  await writeFile(join(packages, 'other-1.0.0.tgz'), '')
  const tarballs = await tarballsIn(packages, ['@errand/task', '@errand/cli'])
  const folder = join(cwd, 'mine')
  await writePackage({ folder, name: 'mine', template, tarballs })
  const { dependencies, devDependencies } = await manifestIn(folder)
  expect(dependencies['@errand/task']).toBe('file:../packages/errand-task-0.1.0.tgz')
  expect(devDependencies).toMatchObject({
    '@errand/engine': 'file:../packages/errand-engine-0.1.0.tgz',
    '@errand/cli': 'file:../packages/errand-cli-0.1.0.tgz',
  })
  await writeFile(join(packages, 'errand-task-0.2.0.tgz'), '')
  await expect(tarballsIn(packages, [])).rejects.toThrow('has @errand/task twice')
  await expect(tarballsIn(join(cwd, 'none'), [])).rejects.toMatchObject({ exit: 64 })
})
