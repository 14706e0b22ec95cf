import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createClient } from '@errand/client'
import { uploadFile } from '@errand/client/node'
import { Server } from '../course/server.ts'
import { forgetPeak, memoryOf } from '../machine.ts'

/** Bytes and milliseconds. */
export interface CutUpload {
  cuts: number
  took: number
  growth: number
  /** Bytes that went over the line beyond those of the file: what the cuts cost. */
  again: number
  same: boolean
}

/** Uploads a big file over a line that is cut at even distances, as the command does. */
export async function measureCutUpload(folder: string, megabytes: number, cuts: number): Promise<CutUpload> {
  await mkdir(folder)
  const path = join(folder, 'big.bin')
  const sha256 = await makeFile(path, megabytes)
  await using server = await Server.start(folder)
  const { token } = JSON.parse(await readFile(join(folder, 'data', 'local.json'), 'utf8')) as { token: string }
  const line = await cutLine(new URL(server.client.server), (megabytes * 1e6) / (cuts + 1), cuts)
  try {
    await forgetPeak(server.worker)
    const { now } = await memoryOf(server.worker)
    const begin = performance.now()
    const upload = await uploadFile(createClient({ server: line.url, token }), path)
    return {
      cuts: line.cuts(),
      took: performance.now() - begin,
      growth: (await memoryOf(server.worker)).most - now,
      again: line.bytes() - megabytes * 1e6,
      same: upload.sha256 === sha256,
    }
  } finally {
    line.close()
    await rm(path, { force: true })
  }
}

async function makeFile(path: string, megabytes: number): Promise<string> {
  const file = await open(path, 'w')
  for (let written = 0; written < megabytes; written += 1) await file.write(randomBytes(1_000_000))
  await file.close()
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}

/** A line to the server on which every connection ends without a word after so many bytes, so many times in all. */
async function cutLine(target: URL, after: number, limit: number) {
  let done = 0
  let bytes = 0
  const server = createServer((near: Socket) => {
    const far = connect(Number(target.port), target.hostname)
    let passed = 0
    const end = () => {
      near.destroy()
      far.destroy()
    }
    near.on('error', end).on('close', end)
    far.on('error', end).on('close', end)
    far.pipe(near)
    near.on('data', (chunk) => {
      passed += chunk.length
      bytes += chunk.length
      if (passed > after && done < limit) {
        done += 1
        return end()
      }
      if (!far.write(chunk)) {
        near.pause()
        far.once('drain', () => near.resume())
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, cuts: () => done, bytes: () => bytes, close: () => server.close() }
}
