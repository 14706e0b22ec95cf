import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { prepareDataFolder } from './data-folder.ts'
import { readLocalServer, removeLocalServer, writeLocalServer } from './local-file.ts'
import { takeLock } from './lock.ts'

const newFolder = () => mkdtemp(join(tmpdir(), 'errand-folder-'))
const server = { address: 'http://127.0.0.1:4400', token: 'secret', pid: process.pid }

test('a second holder is refused until the first gives the lock up', async () => {
  const path = join(await newFolder(), 'lock')
  const release = takeLock(path)
  expect(release).toBeDefined()
  expect(takeLock(path)).toBeUndefined()
  release?.()
  const again = takeLock(path)
  expect(again).toBeDefined()
  again?.()
})

test('the lock of a process that was killed with kill -9 is free', async () => {
  const path = join(await newFolder(), 'lock')
  const code = `const { takeLock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)})
    takeLock(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1e6)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  expect(takeLock(path)).toBeUndefined()
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const release = takeLock(path)
  expect(release).toBeDefined()
  release?.()
})

test('local.json is readable by its owner alone, and nothing is left beside it', async () => {
  const folder = await newFolder()
  await writeLocalServer(folder, server)
  expect((await stat(join(folder, 'local.json'))).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['local.json'])
  expect(await readLocalServer(folder)).toEqual(server)
})

test('local.json is removed by the process it names, not by another', async () => {
  const folder = await newFolder()
  await writeLocalServer(folder, server)
  await removeLocalServer(folder, process.pid + 1)
  expect(await readLocalServer(folder)).toEqual(server)
  await removeLocalServer(folder, process.pid)
  expect(await readLocalServer(folder)).toBeUndefined()
})

test('a local.json that is something else is named', async () => {
  const folder = await newFolder()
  await writeFile(join(folder, 'local.json'), '{"address":"here"}')
  await expect(readLocalServer(folder)).rejects.toThrow(/local\.json is not a file that errand wrote/)
})

test('no folder, no server', async () => {
  expect(await readLocalServer(join(await newFolder(), 'absent'))).toBeUndefined()
})

test('a data folder is made private; where that cannot be, it is named', async () => {
  const parent = await newFolder()
  await prepareDataFolder(join(parent, 'a', 'b'))
  expect((await stat(join(parent, 'a', 'b'))).mode & 0o777).toBe(0o700)
  expect(await readdir(join(parent, 'a', 'b'))).toEqual([])
  await writeFile(join(parent, 'file'), '')
  await expect(prepareDataFolder(join(parent, 'file', 'b'))).rejects.toThrow(
    /the data folder .*file\/b cannot be written/,
  )
  // Node's own way of making folders never comes back from there.
  if (existsSync('/proc/self')) {
    await expect(prepareDataFolder('/proc/none')).rejects.toThrow(
      'the data folder /proc/none cannot be written: no folder can be made there',
    )
  }
  if (process.getuid?.() !== 0) {
    await chmod(parent, 0o500)
    await expect(prepareDataFolder(join(parent, 'c'))).rejects.toThrow(/permission denied/)
  }
})
