import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Schedule } from '@errand/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { errand, PACK, type Run, type Service, service } from './test-support/errand.ts'

// Each command is a process with a runtime of its own; every wait is for a signal, so a slow machine only takes longer.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const cwd = await mkdtemp(join(tmpdir(), 'errand-schedules-'))
let server: Service
beforeAll(async () => {
  server = await service(['serve', PACK, '--port', '0'], { cwd })
})
afterAll(async () => {
  await server.stop()
})
const run = (...args: string[]): Promise<Run> => errand(['schedules', ...args], { cwd })

test('a schedule is added, listed, paused, resumed and removed', async () => {
  expect(await run('list')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('no schedules') })
  const zone = ['--cron', '30 2 * * 1-5', '--time-zone', 'Europe/Zurich', '--as', 'auditor']
  const added = await run('add', 'nightly', 'refuse', ...zone)
  expect(added).toMatchObject({ code: 0, stderr: '' })
  expect(added.stdout).toMatch(/^nightly starts refuse next at 20\S+Z, as service:auditor\.\n$/)

  const list = await run('list')
  expect(list.stdout).toMatch(/^NAME +TASK +ABOUT +CRON +TIME ZONE +AS +NEXT/)
  expect(list.stdout).toMatch(/^nightly +refuse +30 2 \* \* 1-5 +Europe\/Zurich +auditor +in /m)
  const listed: Schedule[] = JSON.parse((await run('list', '--json')).stdout)
  expect(listed).toMatchObject([{ name: 'nightly', principal: { id: 'service:auditor' }, problem: null }])

  expect((await run('pause', 'nightly')).stdout).toContain('nightly is paused.')
  expect((await run('list')).stdout).toMatch(/ auditor +paused$/m)
  expect((await run('resume', 'nightly')).stdout).toBe(added.stdout)
  expect(await run('remove', 'nightly')).toEqual({ code: 0, stdout: 'The schedule nightly is gone.\n', stderr: '' })
  expect((await run('remove', 'nightly')).stderr).toContain('No schedule is called nightly.')
})

test('what is wrong with one says so, and makes none', async () => {
  const cron = await run('add', 'x', 'refuse', '--cron', '61 * * * *')
  expect(cron.code).toBe(1)
  expect(cron.stderr).toMatch(/^error: The schedule is not valid: cron cannot be read /)
  const zone = await run('add', 'x', 'refuse', '--cron', '0 1 * * *', '--time-zone', 'Zurich')
  expect(zone.stderr).toContain('timeZone is none of IANA, such as Europe/Zurich')
  expect((await run('add', 'x', 'copi', '--cron', '0 1 * * *')).stderr).toContain('Did you mean copy?')
  // It needs a file, which nobody hands in at night.
  const file = await run('add', 'x', 'copy', '--cron', '0 1 * * *', '--input', 'name=a.txt')
  expect(file.code).not.toBe(0)
  expect(await run('list')).toMatchObject({ stdout: '' })
})
