import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { createEngine, type Engine } from '@errand/engine'
import { artifact, defineTask, type StoreConfig } from '@errand/task'
import { z } from 'zod'
import { s3Server } from '../../../packages/engine/src/test-support/s3-server.ts'
import { median } from '../numbers.ts'
import { runCommand } from '../run-command.ts'

/** Medians in milliseconds. */
export interface Throughput {
  write: { ours: number; theirs: number }
  read: { ours: number; theirs: number }
}

const shape = defineTask({
  name: 'bench.file',
  version: 1,
  title: 'A file',
  input: z.object({}),
  artifacts: { file: artifact() },
}).step('write', {}, () => null).shape
const who = { id: 'bench', name: 'Bench', staff: true }
const worker = { id: '00000000-0000-4000-8000-000000000000', name: 'bench', host: 'bench', pid: 1, concurrency: 1 }

/** Artifacts in a folder beside `cp`: both read a file and write one, and the bytes are on the disk at the end. */
export async function besideCp(source: string, folder: string, rounds: number): Promise<Throughput> {
  await using files = await Files.open({ scheme: 'fs', root: join(folder, 'storage') })
  const copy = join(folder, 'copy')
  const cp = async () => {
    await rm(copy, { force: true })
    return (await runCommand('cp', [source, copy])) + (await runCommand('sync', ['-d', copy]))
  }
  return await measure(rounds, {
    oursWrite: () => files.write(source),
    theirsWrite: cp,
    async oursRead(id) {
      await rm(copy, { force: true })
      const begin = performance.now()
      await pipeline(await files.read(id), createWriteStream(copy, { flush: true, highWaterMark: 1 << 20 }))
      return performance.now() - begin
    },
    theirsRead: cp,
    // Memory and blocks that were never used are written several times as slowly as what was used and is free again, so
    // that every write begins where there is as much of the latter.
    async over(id) {
      await files.remove(id)
      await rm(copy, { force: true })
    },
  })
}

/** Artifacts on an S3 server beside AWS's own client for it, with parts of the same size and number. */
export async function besideS3Client(source: string, rounds: number): Promise<Throughput> {
  const server = await s3Server()
  const { access_key_id: accessKeyId = '', bucket, endpoint = '', region = '', secret_access_key = '' } = server.config
  const credentials = { accessKeyId, secretAccessKey: secret_access_key }
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  const object = { Bucket: bucket ?? '', Key: 'theirs' }
  try {
    await using files = await Files.open(server.config)
    return await measure(rounds, {
      oursWrite: () => files.write(source),
      async theirsWrite() {
        const begin = performance.now()
        const params = { ...object, Body: createReadStream(source, { highWaterMark: 1 << 20 }) }
        await new Upload({ client, params, partSize: 8 << 20, queueSize: 4 }).done()
        return performance.now() - begin
      },
      async oursRead(id) {
        const begin = performance.now()
        await pipeline(await files.read(id), nowhere())
        return performance.now() - begin
      },
      async theirsRead() {
        const begin = performance.now()
        const { Body } = await client.send(new GetObjectCommand(object))
        if (!(Body instanceof Readable)) throw new TypeError('Expected a stream of Node.')
        await pipeline(Body, nowhere())
        return performance.now() - begin
      },
    })
  } finally {
    client.destroy()
    await server.close()
  }
}

/** In turn, so that what else the machine does hits both; the first round warms up. */
async function measure(
  rounds: number,
  actions: {
    oursWrite(): Promise<{ id: string; took: number }>
    theirsWrite(): Promise<number>
    oursRead(id: string): Promise<number>
    theirsRead(): Promise<number>
    /** Removes what the round wrote. */
    over?(id: string): Promise<void>
  },
): Promise<Throughput> {
  const times = { oursWrite: [], theirsWrite: [], oursRead: [], theirsRead: [] } as Record<
    'oursWrite' | 'theirsWrite' | 'oursRead' | 'theirsRead',
    number[]
  >
  for (let round = 0; round <= rounds; round += 1) {
    const { id, took } = await actions.oursWrite()
    const row = {
      oursWrite: took,
      theirsWrite: await actions.theirsWrite(),
      oursRead: await actions.oursRead(id),
      theirsRead: await actions.theirsRead(),
    }
    await actions.over?.(id)
    if (round === 0) continue
    for (const name of Object.keys(times) as (keyof typeof row)[]) times[name].push(row[name])
  }
  return {
    write: { ours: median(times.oursWrite), theirs: median(times.theirsWrite) },
    read: { ours: median(times.oursRead), theirs: median(times.theirsRead) },
  }
}

/** An engine whose artifacts the measurement writes, as a worker does. */
class Files implements AsyncDisposable {
  readonly #engine: Engine

  private constructor(engine: Engine) {
    this.#engine = engine
  }

  static async open(storage: StoreConfig): Promise<Files> {
    const database = { kind: 'pglite', dataDir: 'memory://' } as const
    const engine = await createEngine({ database, storages: { default: storage } })
    await engine.work.register(worker, [shape])
    return new Files(engine)
  }

  async write(source: string): Promise<{ id: string; took: number }> {
    await this.#engine.submit({ definition: shape.name, input: {} }, who)
    let [claim] = await this.#engine.work.claim(worker.id, 1)
    while (claim === undefined) {
      await setTimeout(50)
      ;[claim] = await this.#engine.work.claim(worker.id, 1)
    }
    const begin = performance.now()
    const sink = await this.#engine.work.openArtifact(claim, 'file', { filename: 'file' })
    for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20 })) await sink.write(chunk)
    await sink.close()
    await this.#engine.work.complete(claim, null)
    return { id: sink.id, took: performance.now() - begin }
  }

  async remove(id: string): Promise<void> {
    await this.#engine.deleteArtifact(id, who)
  }

  async read(id: string): Promise<Readable> {
    return (await this.#engine.openArtifact(id, who)).body
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.close()
  }
}

function nowhere(): Writable {
  return new Writable({ highWaterMark: 1 << 20, write: (_chunk, _encoding, done) => done() })
}
