import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { createEngine } from '@errand/engine'
import { expect, test, vi } from 'vitest'
import { notifications as schema } from '../config/notifications.ts'
import { notificationsOf } from './notifications.ts'

vi.setConfig({ testTimeout: 120_000 })

const example = join(import.meta.dirname, '../../../../docs/examples/platform-notifications.ts')

test('the example delivers to the platform’s own service, and once more when that was away', async () => {
  const heard: { authorization: string | undefined; id: unknown; body: unknown }[] = []
  const service = createServer(async (request, response) => {
    const { authorization } = request.headers
    heard.push({ authorization, id: request.headers['idempotency-key'], body: await json(request) })
    response.writeHead(heard.length === 1 ? 503 : 201).end()
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  const { port } = service.address() as AddressInfo
  vi.stubEnv('PLATFORM_NOTIFICATIONS_URL', `http://127.0.0.1:${port}/api/notifications/`)
  vi.stubEnv('PLATFORM_NOTIFICATIONS_TOKEN', 'of-the-platform')
  vi.stubEnv('ERRAND_PUBLIC_URL', 'https://errand.example.org')
  const engine = await createEngine({
    database: { kind: 'pglite', dataDir: 'memory://' },
    storages: { default: { scheme: 'memory' } },
    notifications: await notificationsOf(schema.parse({ platform: example })),
  })
  try {
    const staff = { id: 'root', name: 'Root', staff: true }
    const request = { to: ['ada'], kind: 'course.ready', title: 'Your course is ready', link: '/tasks/1' }
    await engine.notifications.inbox.send(request, staff)
    await vi.waitFor(() => expect(heard).toHaveLength(2), { timeout: 60_000, interval: 20 })
    expect(heard[1]).toMatchObject({
      authorization: 'Bearer of-the-platform',
      body: {
        user: 'ada',
        app: 'errand',
        notifications: [
          { type: 'course.ready', title: 'Your course is ready', url: 'https://errand.example.org/tasks/1' },
        ],
      },
    })
    expect(heard[1]?.id).toBe(heard[0]?.id)
  } finally {
    vi.unstubAllEnvs()
    await engine.close()
    await new Promise((resolve) => service.close(resolve))
  }
})

test.each([
  ['a webhook without a secret', { webhooks: [{ name: 'lms', url: 'https://lms.example.org', secrets: [] }] }],
  ['an address that is no web address', { publicUrl: 'ftp://errand.example.org' }],
  ['mail from nobody', { email: { smtp: 'smtp://mail.example.org', from: 'nobody' } }],
  ['a key that is none', { mail: {} }],
])('%s is refused at the start', (_name, config) => {
  expect(schema.safeParse(config).success).toBe(false)
})
