import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { StoreConfig } from '@errand/task'
import { s3Server } from '../../../packages/engine/src/test-support/s3-server.ts'
import { hasNginx, startNginx } from '../../../packages/server/src/testing/nginx.ts'
import { Server } from '../course/server.ts'
import { forgetPeak, memoryOf } from '../machine.ts'
import { processorTime } from '../processor-time.ts'

const PACK = fileURLToPath(new URL('./pack.ts', import.meta.url))

/** Milliseconds for which the process is watched doing nothing. */
const IDLE = 10_000

/** How a file comes to whoever asks for it, as `delivery` of the configuration says. */
export const waysOfDelivery = ['stream', 'x-accel', 'redirect'] as const
export type WayOfDelivery = (typeof waysOfDelivery)[number]

/** Bytes and milliseconds. */
export interface DeliveryMeasured {
  way: string
  written: { took: number; growth: number }
  /** `processor`: of the process that serves, beyond what it takes when idle; `front`: of nginx. */
  downloaded: { took: number; growth: number; processor: number; front: number | undefined }
}

/** A big file, written by a step and downloaded, by each way of delivery; one process serves and works. */
export async function measureDeliveries(
  folder: string,
  megabytes: number,
  ways: readonly WayOfDelivery[],
): Promise<DeliveryMeasured[]> {
  const measured: DeliveryMeasured[] = []
  for (const way of ways) {
    if (way === 'x-accel' && !hasNginx()) {
      process.stdout.write('skipped: x-accel, as nginx is not installed\n')
      continue
    }
    process.stderr.write(`Delivering ${megabytes} MB by ${way}…\n`)
    measured.push(await measureDelivery(join(folder, way), way, megabytes))
  }
  return measured
}

async function measureDelivery(folder: string, way: WayOfDelivery, megabytes: number): Promise<DeliveryMeasured> {
  await mkdir(folder)
  const s3 = way === 'redirect' ? await s3Server() : undefined
  const storage: StoreConfig = s3?.config ?? { scheme: 'fs', root: join(folder, 'storage') }
  const config = { storages: { default: storage }, delivery: way }
  await writeFile(join(folder, 'errand.config.json'), JSON.stringify(config))
  try {
    await using server = await Server.start(folder, { kind: 'serve', pack: PACK })
    const { token } = JSON.parse(await readFile(join(folder, 'data', 'local.json'), 'utf8')) as { token: string }
    // The first task brings a thread and its pack into memory, which is no matter of size.
    await server.run('bench.big', { megabytes: 1 })
    const nginx = way === 'x-accel' ? await startNginx(server.client.server, storage.root ?? '') : undefined
    try {
      const writing = await grown(server.worker, () => server.run('bench.big', { megabytes }))
      const [artifact] = writing.value.artifacts
      const url = `${nginx?.url ?? server.client.server}/api/v1/artifacts/${artifact?.id}/content`
      const idle = await idleProcessor(server.worker)
      const before = [await processorTime([server.worker]), nginx && (await processorTime([nginx.pid]))] as const
      const reading = await grown(server.worker, () => download(url, token))
      if (reading.value !== megabytes * 1e6) throw new Error(`${reading.value} bytes came.`)
      return {
        way,
        written: writing,
        downloaded: {
          took: reading.took,
          growth: reading.growth,
          processor: Math.max(0, (await processorTime([server.worker])) - before[0] - idle * reading.took),
          front: nginx && (await processorTime([nginx.pid])) - (before[1] ?? 0),
        },
      }
    } finally {
      await nginx?.stop()
    }
  } finally {
    await s3?.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The share of a processor that the process takes for its heartbeats and its upkeep, whoever downloads what. */
async function idleProcessor(pid: number): Promise<number> {
  const before = await processorTime([pid])
  await setTimeout(IDLE)
  return ((await processorTime([pid])) - before) / IDLE
}

/** What an action takes, and by how much the process is larger at most while it lasts. */
async function grown<T>(pid: number, action: () => Promise<T>): Promise<{ value: T; took: number; growth: number }> {
  await forgetPeak(pid)
  const { now } = await memoryOf(pid)
  const begin = performance.now()
  const value = await action()
  return { value, took: performance.now() - begin, growth: (await memoryOf(pid)).most - now }
}

async function download(url: string, token: string): Promise<number> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok || response.body === null) throw new Error(`${url} answers ${response.status}.`)
  let bytes = 0
  for await (const chunk of response.body) bytes += chunk.length
  return bytes
}
