import { PassThrough, pipeline, type Readable } from 'node:stream'
import type { ByteRange } from '@errand/task'
import type { Principal } from '../types.ts'
import type { Artifacts } from './artifacts.ts'
import type { ArtifactRow } from './rows.ts'

/** The bytes for whoever embeds the engine; read to the end they count as a complete download. */
export async function openBody(
  artifacts: Artifacts,
  row: ArtifactRow,
  who: Principal,
  range?: ByteRange,
): Promise<Readable> {
  const delivered = await artifacts.deliver(row, who, { by: 'stream', ...(range === undefined ? {} : { range }) })
  if (delivered.by !== 'stream') throw new TypeError('A stream was asked for.')
  let bytes = 0
  const body = new PassThrough({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done(null, chunk)
    },
    // The reader sees the end only once the record knows of it.
    flush: (done) => void delivered.settle(bytes, true).then(() => done(), done),
  })
  pipeline(delivered.body, body, (error) => {
    if (error) delivered.settle(bytes, false).catch(() => undefined)
  })
  return body
}
