import { createClient, type ErrandClient } from '@errand/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { finish, type RealServer, realServer } from '../testing/real-server.ts'

/** How long outputs are kept and what they take, over HTTP, as the command asks. */

// A server and a database start here, and take their time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

let server: RealServer
let ada: ErrandClient
let root: ErrandClient
beforeAll(async () => {
  server = await realServer({}, { quota: { default: 1_000_000 } })
  ada = createClient({ server: server.url, token: 'ada' })
  root = createClient({ server: server.url, token: 'root' })
})
afterAll(() => server.stop())

async function made(text: string): Promise<string> {
  const task = await server.start('test.echo', { text })
  await finish(server.engine, await server.claim(task.id), { filename: 'a', content: Buffer.alloc(1_000) })
  return (await ada.task(task.id)).artifacts[0]?.id ?? ''
}

test('an output is extended, never shortened, and its log says by whom', async () => {
  const id = await made('extend')
  const before = await ada.artifact(id)
  const later = new Date(Date.now() + 90 * 86_400_000)
  expect((await ada.extendArtifact(id, later)).expiresAt).toBe(later.toISOString())
  expect((await ada.extendArtifact(id, new Date())).expiresAt).toBe(later.toISOString())
  expect(Date.parse(before.expiresAt ?? '')).toBeLessThan(later.getTime())
  const forever = new Date(Date.now() + 4_000 * 86_400_000)
  await expect(ada.extendArtifact(id, forever)).rejects.toMatchObject({ status: 422, code: 'extension-invalid' })
  expect(await ada.artifactAccesses(id)).toMatchObject([
    { action: 'extend', who: { id: 'ada', name: 'Ada' } },
    { action: 'extend', who: { id: 'ada' } },
  ])
  const bob = createClient({ server: server.url, token: 'bob' })
  await expect(bob.extendArtifact(id, later)).rejects.toMatchObject({ status: 404 })
  await expect(bob.artifactAccesses(id)).rejects.toMatchObject({ status: 404 })
})

test('staff see what each scope takes, and of how much', async () => {
  await made('usage')
  expect(await root.storageUsage()).toContainEqual({ scope: 'text:usage', files: 1, bytes: 1_000, quota: 1_000_000 })
  await expect(ada.storageUsage()).rejects.toMatchObject({ status: 403, code: 'forbidden' })
})

test('staff see what retention would remove, and have it removed', async () => {
  const id = await made('kept')
  const orphans = [{ storage: 'default', count: 0, bytes: 0, skipped: null }]
  const nothing = { count: 0, bytes: 0 }
  expect(await root.retentionPreview()).toEqual({ history: [], files: nothing, uploads: nothing, orphans })
  expect(await root.retentionRun()).toEqual({ tasks: 0, files: 0, uploads: 0, orphans })
  expect((await ada.artifact(id)).state).toBe('available')
  await expect(ada.retentionPreview()).rejects.toMatchObject({ status: 403 })
  await expect(ada.retentionRun()).rejects.toMatchObject({ status: 403 })
})
